// What a write costs grows with the length of its lists, not with its square: one request with 50,000 items in a list must
// not hold the API server's thread for a minute. Counted in items, not in seconds.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { apiVersionOf } from '../../src/k8s/resources.ts';
import type { PatchType } from '../../src/client/client.ts';
import type { Draft } from '../../src/apiserver/kind.ts';
import { arrayWork } from '../support/array-work.ts';
import { testContext } from '../support/test-registry.ts';
import { type WholeRegistry, createWholeRegistry } from '../support/whole-registry.ts';

const many = <T>(count: number, item: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => item(index));
const named = <T>(count: number, entry: (index: number) => readonly [string, T]): Record<string, T> =>
  Object.fromEntries(many(count, entry));
const address = (index: number): string => `10.0.${index >> 8}.${index & 255}`;

type Fields = { readonly metadata?: object; readonly [field: string]: unknown };
type Make = (count: number) => Fields;

const CONTAINER = { name: 'c', image: 'i' };
const pod = (spec: object): Fields => ({ spec: { containers: [CONTAINER], ...spec } });
const inContainer = (fields: object): Fields => pod({ containers: [{ ...CONTAINER, ...fields }] });
const workload = (fields: object): Fields => ({
  spec: {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [CONTAINER] } },
    ...fields,
  },
});

const LISTS: readonly (readonly [kind: string, what: string, make: Make])[] = [
  ['Pod', 'containers', (n) => pod({ containers: many(n, (i) => ({ name: `c${i}`, image: 'i' })) })],
  ['Pod', 'env', (n) => inContainer({ env: many(n, (i) => ({ name: `E${i}`, value: 'v' })) })],
  ['Pod', 'ports', (n) => inContainer({ ports: many(n, (i) => ({ name: `p${i}`, containerPort: i + 1 })) })],
  [
    'Pod',
    'volumes and mounts',
    (n) => ({
      spec: {
        volumes: many(n, (i) => ({ name: `v${i}`, emptyDir: {} })),
        containers: [
          { ...CONTAINER, volumeMounts: many(n, (i) => ({ name: `v${i}`, mountPath: `/m${i}` })) },
        ],
      },
    }),
  ],
  ['Pod', 'tolerations', (n) => pod({ tolerations: many(n, (i) => ({ key: `k${i}`, operator: 'Exists' })) })],
  [
    'Pod',
    'spread constraints',
    (n) =>
      pod({
        topologySpreadConstraints: many(n, (i) => ({
          maxSkew: 1,
          topologyKey: `k${i}`,
          whenUnsatisfiable: 'DoNotSchedule',
        })),
      }),
  ],
  [
    'Pod',
    'host aliases',
    (n) => pod({ hostAliases: many(n, (i) => ({ ip: address(i), hostnames: ['a'] })) }),
  ],
  ['Pod', 'gates', (n) => pod({ schedulingGates: many(n, (i) => ({ name: `a.b/g${i}` })) })],
  ['ConfigMap', 'labels', (n) => ({ metadata: { labels: named(n, (i) => [`l${i}`, 'v']) } })],
  ['ConfigMap', 'finalizers', (n) => ({ metadata: { finalizers: many(n, (i) => `a.b/f${i}`) } })],
  ['ConfigMap', 'data', (n) => ({ data: named(n, (i) => [`k${i}`, 'v']) })],
  ['Secret', 'data', (n) => ({ stringData: named(n, (i) => [`k${i}`, 'v']) })],
  ['ServiceAccount', 'secrets', (n) => ({ secrets: many(n, (i) => ({ name: `s${i}` })) })],
  [
    'Service',
    'ports, external addresses, source ranges',
    (n) => ({
      spec: {
        type: 'LoadBalancer',
        allocateLoadBalancerNodePorts: false,
        ports: many(n, (i) => ({ name: `p${i}`, port: i + 1 })),
        externalIPs: many(n, address),
        loadBalancerSourceRanges: many(n, (i) => `${address(i)}/32`),
      },
    }),
  ],
  [
    'EndpointSlice',
    'endpoints',
    (n) => ({ addressType: 'IPv4', endpoints: many(n, (i) => ({ addresses: [address(i)] })), ports: [] }),
  ],
  [
    'Endpoints',
    'addresses',
    (n) => ({ subsets: [{ addresses: many(n, (i) => ({ ip: address(i) })), ports: [{ port: 80 }] }] }),
  ],
  [
    'NetworkPolicy',
    'rules',
    (n) => ({
      spec: {
        podSelector: {},
        ingress: many(n, (i) => ({ from: [{ ipBlock: { cidr: `${address(i)}/32` } }] })),
      },
    }),
  ],
  [
    'Ingress',
    'rules',
    (n) => ({
      spec: {
        rules: many(n, (i) => ({
          host: `h${i}.x`,
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } },
            ],
          },
        })),
      },
    }),
  ],
  [
    'ClusterRole',
    'rules',
    (n) => ({ rules: many(n, (i) => ({ apiGroups: [`g${i}`], resources: ['r'], verbs: ['get'] })) }),
  ],
  [
    'LimitRange',
    'limits',
    (n) => ({ spec: { limits: many(n, (i) => ({ type: `a.b/T${i}`, max: { cpu: '1' } })) } }),
  ],
  ['ResourceQuota', 'hard', (n) => ({ spec: { hard: named(n, (i) => [`count/r${i}.x`, '1']) } })],
  ['Node', 'taints', (n) => ({ spec: { taints: many(n, (i) => ({ key: `k${i}`, effect: 'NoSchedule' })) } })],
  [
    'StatefulSet',
    'claims and volumes',
    (n) =>
      workload({
        serviceName: 's',
        volumeClaimTemplates: many(n, (i) => ({
          metadata: { name: `v${i}` },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } },
        })),
      }),
  ],
];

const [FEW, MANY] = [100, 400];
/** Four times the items are four times the work; sixteen times would be the square. */
const GROWTH_MAX = 6;

describe('long lists', () => {
  let whole: WholeRegistry;
  before(async () => {
    whole = await createWholeRegistry();
  });

  /** What each way to write an object of `count` items costs. What may not change in a pod is refused, at a cost. */
  const costsOf = async (kindName: string, make: Make, count: number): Promise<Record<string, number>> => {
    const kind = whole.kind(kindName);
    const { metadata, ...rest } = make(count);
    const at = { namespace: kind.resource.namespaced ? 'ns' : undefined, name: 'long' };
    const type = { apiVersion: apiVersionOf(kind.resource), kind: kindName };
    const draft = (): Draft =>
      structuredClone({ ...type, metadata: { name: at.name, ...metadata }, ...rest });
    const context = testContext({ user: { name: 'admin', groups: ['system:masters'] } });
    const { registry } = whole;
    const patch = (patchType: PatchType, body: object): Promise<unknown> =>
      registry.patch(kind, at, { type: patchType, body }, context).catch(() => {});
    const apply = (): Promise<unknown> =>
      registry.apply(kind, at, { config: draft(), isForced: true }, context).catch(() => {});
    const costs = {
      create: await arrayWork(() => registry.create(kind, at.namespace, draft(), context)),
      update: await arrayWork(() => registry.update(kind, at, draft(), context).catch(() => {})),
      'merge patch': await arrayWork(() => patch('application/merge-patch+json', draft())),
      'strategic patch': await arrayWork(() => patch('application/strategic-merge-patch+json', draft())),
      apply: await arrayWork(apply),
      'apply again': await arrayWork(apply),
    };
    await patch('application/merge-patch+json', { metadata: { finalizers: null } });
    await whole.remove(kindName, at.name);
    return costs;
  };

  for (const [kind, what, make] of LISTS)
    it(`${kind}: ${what}`, async () => {
      const few = await costsOf(kind, make, FEW);
      const lots = await costsOf(kind, make, MANY);
      assert.ok(Object.values(few).every((cost) => cost >= FEW));
      const grown = Object.keys(few).filter((way) => lots[way]! > GROWTH_MAX * few[way]!);
      assert.deepEqual(grown, [], JSON.stringify({ few, lots }));
    });
});
