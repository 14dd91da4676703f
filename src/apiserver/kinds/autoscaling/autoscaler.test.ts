// HorizontalPodAutoscalers in both of their versions.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { parse } from 'yaml';
import { statusOf } from '../../../../test/support/registry-verbs.ts';
import { testContext } from '../../../../test/support/test-registry.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../../test/support/whole-registry.ts';
import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
} from '../../../k8s/generated/types.ts';
import { horizontalPodAutoscalers, olderHorizontalPodAutoscalers } from '../../../k8s/resources.ts';
import type { Draft, Kind } from '../../kind.ts';

type Older = AutoscalingV1HorizontalPodAutoscaler;

let api: WholeRegistry;
let newer: Kind;
let older: Kind;
beforeEach(async () => {
  api = await createWholeRegistry();
  newer = api.registry.kinds.find(horizontalPodAutoscalers)!;
  older = api.registry.kinds.find(olderHorizontalPodAutoscalers)!;
});

const AT = { namespace: 'ns', name: 'h' };
const PREFIX = 'autoscaling.alpha.kubernetes.io';
const TARGET = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };

const make = <T>(kind: Kind, spec: object, annotations?: object): Promise<T> => {
  const object: Draft = {
    metadata: { name: 'h', ...(annotations && { annotations }) },
    spec: { scaleTargetRef: TARGET, maxReplicas: 3, ...spec },
  };
  return api.registry.create(kind, 'ns', object, testContext()) as Promise<T>;
};
const patch = (kind: Kind, body: object, subresource?: 'status'): Promise<unknown> =>
  api.registry.patch(kind, AT, { type: 'application/merge-patch+json', body }, testContext(), subresource);
const inNewer = (): HorizontalPodAutoscaler => api.registry.get(newer, AT) as HorizontalPodAutoscaler;
const inOlder = (): Older => api.registry.get(older, AT) as unknown as Older;
const annotationsOf = ({ metadata }: Older): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(metadata?.annotations ?? {}).map(([name, text]) => [
      name.replace(`${PREFIX}/`, ''),
      JSON.parse(text),
    ]),
  );

const percent = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
});
const METRICS = parse(`
- { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } } }
- { type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: 1Gi } } }
- { type: ContainerResource, containerResource: { name: cpu, container: c, target: { type: Utilization, averageUtilization: 50 } } }
- { type: Pods, pods: { metric: { name: hits, selector: { matchLabels: { a: b } } }, target: { type: AverageValue, averageValue: 1k } } }
- { type: Object, object: { describedObject: { kind: Service, name: s }, metric: { name: load }, target: { type: Value, value: "10" } } }
- { type: Object, object: { describedObject: { kind: Service, name: s }, metric: { name: load }, target: { type: AverageValue, averageValue: "7" } } }
- { type: External, external: { metric: { name: queue }, target: { type: AverageValue, averageValue: "30" } } }
- { type: External, external: { metric: { name: queue }, target: { type: Value, value: "5" } } }
`) as NonNullable<HorizontalPodAutoscaler['spec']['metrics']>;

describe('HorizontalPodAutoscaler of autoscaling/v1', () => {
  it('is the same object as in autoscaling/v2, with its target among the metrics', async () => {
    await make(older, { targetCPUUtilizationPercentage: 70 });
    assert.deepEqual(inNewer().spec, {
      minReplicas: 1,
      maxReplicas: 3,
      scaleTargetRef: TARGET,
      metrics: [percent(70)],
    });
    assert.equal(inNewer().apiVersion, 'autoscaling/v2');
  });

  it('has a target of 80 % of the CPU and one replica without any, and no status of the client', async () => {
    const made = await make<Older>(older, {}, { [`${PREFIX}/conditions`]: '[{"type":"A","status":"True"}]' });
    assert.deepEqual(made.spec, {
      minReplicas: 1,
      maxReplicas: 3,
      scaleTargetRef: TARGET,
      targetCPUUtilizationPercentage: 80,
    });
    assert.deepEqual(
      [made.status, made.metadata?.annotations],
      [{ currentReplicas: 0, desiredReplicas: 0 }, undefined],
    );
  });

  it('has in annotations what it has no fields for, as kube-apiserver writes it', async () => {
    await make(newer, { metrics: METRICS, behavior: { scaleDown: { tolerance: '500m' } } }, { kept: '1' });
    const made = inOlder();
    assert.equal(made.spec.targetCPUUtilizationPercentage, 60);
    const rules = { StabilizationWindowSeconds: null, SelectPolicy: 'Max', Tolerance: null };
    const policy = (Type: string, Value: number) => ({ Type, Value, PeriodSeconds: 15 });
    assert.deepEqual(annotationsOf(made), {
      kept: 1,
      metrics: [
        { type: 'Resource', resource: { name: 'memory', targetAverageValue: '1Gi' } },
        {
          type: 'ContainerResource',
          containerResource: { name: 'cpu', targetAverageUtilization: 50, container: 'c' },
        },
        {
          type: 'Pods',
          pods: { metricName: 'hits', targetAverageValue: '1k', selector: { matchLabels: { a: 'b' } } },
        },
        {
          type: 'Object',
          object: { target: { kind: 'Service', name: 's' }, metricName: 'load', targetValue: '10' },
        },
        {
          type: 'Object',
          object: {
            target: { kind: 'Service', name: 's' },
            metricName: 'load',
            targetValue: '0',
            averageValue: '7',
          },
        },
        { type: 'External', external: { metricName: 'queue', targetAverageValue: '30' } },
        { type: 'External', external: { metricName: 'queue', targetValue: '5' } },
      ],
      behavior: {
        ScaleUp: {
          ...rules,
          StabilizationWindowSeconds: 0,
          Policies: [policy('Pods', 4), policy('Percent', 100)],
        },
        ScaleDown: { ...rules, Tolerance: '500m', Policies: [policy('Percent', 100)] },
      },
    });
  });

  it('keeps all of it when it is written by a client that knows v1 only', async () => {
    await make(newer, { metrics: METRICS, behavior: { scaleUp: { selectPolicy: 'Min' } } });
    const [before, seen] = [inNewer(), inOlder()];
    await api.registry.update(
      older,
      AT,
      { ...seen, spec: { ...seen.spec, maxReplicas: 9 } } as Draft,
      testContext(),
    );
    const [cpu, ...others] = METRICS;
    assert.deepEqual(inNewer().spec, { ...before.spec, maxReplicas: 9, metrics: [...others, cpu] });
    assert.equal(inNewer().metadata?.annotations, undefined);
  });

  for (const text of [
    '{',
    '3',
    '[1]',
    '[{"type":"Resource","resource":{"name":7}}]',
    '[{"type":"Pods","pods":{"targetAverageValue":"x"}}]',
  ])
    it(`does not count an annotation that says ${text}`, async () => {
      await make(older, {}, { [`${PREFIX}/metrics`]: text, [`${PREFIX}/behavior`]: text });
      assert.deepEqual([inNewer().spec.metrics, inNewer().spec.behavior], [[percent(80)], undefined]);
      assert.equal(inOlder().metadata?.annotations, undefined);
    });

  it('shows the status in fields and annotations, which only the status subresource changes', async () => {
    await make(newer, {});
    const currentMetrics = [
      {
        type: 'Resource',
        resource: { name: 'cpu', current: { averageUtilization: 12, averageValue: '3m' } },
      },
    ];
    const conditions = [{ type: 'AbleToScale', status: 'True', reason: 'Ready', message: 'm' }];
    const status = { currentReplicas: 2, desiredReplicas: 3, currentMetrics, conditions };
    await patch(newer, { status }, 'status');
    assert.deepEqual(inOlder().status, {
      currentReplicas: 2,
      desiredReplicas: 3,
      currentCPUUtilizationPercentage: 12,
    });
    assert.deepEqual(annotationsOf(inOlder()), {
      'current-metrics': [
        {
          type: 'Resource',
          resource: { name: 'cpu', currentAverageUtilization: 12, currentAverageValue: '3m' },
        },
      ],
      conditions,
    });
    await patch(older, {
      metadata: { annotations: { [`${PREFIX}/conditions`]: null, [`${PREFIX}/current-metrics`]: null } },
      spec: { maxReplicas: 5 },
    });
    assert.deepEqual(inNewer().status, status);
    await patch(older, { status: { currentReplicas: 4 } }, 'status');
    assert.deepEqual(inNewer().status, { ...status, currentReplicas: 4 });
    const annotations = {
      [`${PREFIX}/metrics`]: JSON.stringify([
        { type: 'Pods', pods: { metricName: 'x', targetAverageValue: '1' } },
      ]),
    };
    await patch(older, { metadata: { annotations }, status: { currentReplicas: 5 } }, 'status');
    assert.deepEqual([inNewer().spec.metrics, inNewer().status?.currentReplicas], [[percent(80)], 5]);
    const { message } = await statusOf(patch(older, { status: { desiredReplicas: -1 } }, 'status'));
    assert.match(
      message ?? '',
      /status.desiredReplicas: Invalid value: -1: must be greater than or equal to 0/,
    );
  });

  it('is validated as in v2, and printed in its columns', async () => {
    const { code, message } = await statusOf(make(older, { targetCPUUtilizationPercentage: 0 }));
    assert.equal(code, 422);
    assert.match(message ?? '', /spec.metrics\[0\].resource.target.averageUtilization: Invalid value: 0/);
    await make(older, {});
    const cells = [older, newer].map((kind) =>
      kind.row(api.registry.get(kind, AT), api.clock.now()).slice(0, 6),
    );
    assert.deepEqual(cells[0], ['h', 'Deployment/d', 'cpu: <unknown>/80%', '1', 3, 0]);
    assert.deepEqual(cells[0], cells[1]);
  });
});

describe('HorizontalPodAutoscaler of autoscaling/v2', () => {
  it('shows no annotation of v1', async () => {
    await make(newer, {}, { [`${PREFIX}/metrics`]: '[]', mine: 'a' });
    assert.deepEqual(inNewer().metadata?.annotations, { mine: 'a' });
  });

  const metric = (yaml: string) => ({ metrics: [parse(yaml) as object] });
  const policy = (fields: object) => ({
    behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 1, ...fields }] } },
  });
  for (const [spec, finding] of [
    [{ maxReplicas: undefined }, 'spec.maxReplicas: Required value: must be set and greater than 0'],
    [{ minReplicas: 0 }, 'spec.minReplicas: Invalid value: 0: must be greater than or equal to 1'],
    [
      { minReplicas: 4 },
      'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`',
    ],
    [
      { scaleTargetRef: { kind: 'Deployment', name: 'd' } },
      'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group',
    ],
    [
      { scaleTargetRef: { ...TARGET, apiVersion: 'a/b/c' } },
      'spec.scaleTargetRef.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    ],
    [
      { scaleTargetRef: { ...TARGET, name: '..' } },
      `spec.scaleTargetRef.name: Invalid value: "..": may not be '..'`,
    ],
    [metric('{ type: Odd }'), 'spec.metrics[0].type: Unsupported value: "Odd"'],
    [
      metric('{ type: Pods }'),
      'spec.metrics[0].pods: Required value: must populate information for the given metric source',
    ],
    [
      metric(
        '{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 1 } }, pods: {} }',
      ),
      'spec.metrics[0].pods: Forbidden: must populate the given metric source only',
    ],
    [
      metric('{ type: Resource, resource: { name: cpu, target: { type: Utilization } } }'),
      'spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization',
    ],
    [
      metric(
        '{ type: Pods, pods: { metric: { name: a/b }, target: { type: AverageValue, averageValue: 0 } } }',
      ),
      'spec.metrics[0].pods.metric.name: Invalid value: "a/b": may not contain',
    ],
    [
      metric(
        '{ type: Pods, pods: { metric: { name: a }, target: { type: AverageValue, averageValue: 0 } } }',
      ),
      'spec.metrics[0].pods.target.averageValue: Invalid value: "0": must be positive',
    ],
    [
      metric(
        '{ type: External, external: { metric: { name: a }, target: { type: Value, value: 1, averageValue: 1 } } }',
      ),
      'spec.metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
    ],
    [
      metric(
        '{ type: Object, object: { describedObject: { kind: K, name: n }, metric: { name: a }, target: { type: Odd } } }',
      ),
      'spec.metrics[0].object.target.type: Invalid value: "Odd": must be either Utilization, Value, or AverageValue',
    ],
    [
      metric(
        '{ type: ContainerResource, containerResource: { name: cpu, container: C, target: { type: Value, averageValue: 1 } } }',
      ),
      'spec.metrics[0].containerResource.container: Invalid value: "C"',
    ],
    [policy({ type: 'Odd' }), 'spec.behavior.scaleUp.policies[0].type: Unsupported value: "Odd"'],
    [
      policy({ periodSeconds: 1801 }),
      'periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
    ],
    [
      policy({ value: 0 }),
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
    ],
    [
      { behavior: { scaleDown: { stabilizationWindowSeconds: 3601, selectPolicy: 'Odd' } } },
      'spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
    ],
  ] as const)
    it(`refuses ${JSON.stringify(spec)}`, async () => {
      const { code, message } = await statusOf(make(newer, spec));
      assert.equal(code, 422);
      assert.ok(message?.includes(finding), message);
    });

  it('takes a reference without a group of a ReplicationController, and what was there before', async () => {
    await make(newer, { scaleTargetRef: { kind: 'ReplicationController', name: 'r', apiVersion: 'v1' } });
    await patch(newer, { spec: { scaleTargetRef: { name: 'other' } } });
    assert.equal(inNewer().spec.scaleTargetRef.name, 'other');
  });
});
