// The kinds of workloads, policies and storage: what a write makes of a manifest, what it refuses, and how it is shown.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { createAdmission } from '../../../test/support/admission.ts';
import type {
  CronJob,
  DaemonSet,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  LimitRange,
  NetworkPolicy,
  PersistentVolumeClaim,
  Pod,
  ReplicationController,
  StatefulSet,
} from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';

const object = <T extends KubeObject>(kind: string, yaml: string): T => {
  const parsed = parse(yaml) as KubeObject;
  const metadata = { name: 'a', namespace: 'default', uid: 'u', ...parsed.metadata };
  return { kind, ...parsed, metadata } as unknown as T;
};

const stored = <T extends KubeObject>(kind: string, yaml: string): T =>
  createAdmission().create(object<T>(kind, yaml));

const refused = (act: () => unknown, ...lines: readonly string[]): void =>
  assert.throws(act, (error: Error) => {
    assert.deepEqual(error.message.split('\n'), lines);
    return true;
  });

const refusedOnCreate = (kind: string, yaml: string, ...lines: readonly string[]): void =>
  refused(() => createAdmission().create(object(kind, yaml)), ...lines);

const TEMPLATE = `
  template:
    metadata: { labels: { app: a } }
    spec: { containers: [{ name: c, image: i }] }`;
const SELECTED = `
  selector: { matchLabels: { app: a } }${TEMPLATE}`;
const JOB_TEMPLATE = 'template: { spec: { restartPolicy: Never, containers: [{ name: c, image: i }] } }';

describe('StatefulSet', () => {
  it('gets its defaults, and so do its claims', () => {
    const { spec } = stored<StatefulSet>(
      'StatefulSet',
      `spec:${SELECTED}
  volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1024Mi } } } }]`,
    );
    assert.equal(spec?.podManagementPolicy, 'OrderedReady');
    assert.deepEqual(spec?.updateStrategy, { type: 'RollingUpdate', rollingUpdate: { partition: 0 } });
    assert.deepEqual(spec?.persistentVolumeClaimRetentionPolicy, {
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
    assert.deepEqual([spec?.replicas, spec?.revisionHistoryLimit], [1, 10]);
    assert.deepEqual(spec?.volumeClaimTemplates?.[0]?.spec, {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      volumeMode: 'Filesystem',
    });
  });

  it('may mount a volume that is one of its claims', () => {
    const mounted = SELECTED.replace('image: i', 'image: i, volumeMounts: [{ name: data, mountPath: /d }]');
    stored(
      'StatefulSet',
      `spec:${mounted}
  volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } } }]`,
    );
    refusedOnCreate(
      'StatefulSet',
      `spec:${mounted}`,
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    );
  });

  it('is refused with bad policies, limits and selectors', () => {
    refusedOnCreate(
      'StatefulSet',
      `spec:
  replicas: -1
  podManagementPolicy: Random
  updateStrategy: { type: RollingUpdate, rollingUpdate: { partition: -1, maxUnavailable: 0 } }
  persistentVolumeClaimRetentionPolicy: { whenDeleted: Burn }
  serviceName: A_b
  selector: { matchLabels: { app: b } }${TEMPLATE}`,
      "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
      'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0',
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0',
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Burn": supported values: "Retain", "Delete"',
      "spec.serviceName: Invalid value: \"A_b\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    );
  });

  it('changes only where Kubernetes lets it', () => {
    const admission = createAdmission();
    const set = admission.create(object<StatefulSet>('StatefulSet', `spec:${SELECTED}`));
    admission.update({ ...set, spec: { ...set.spec!, replicas: 5, ordinals: { start: 2 } } });
    refused(
      () => admission.update({ ...set, spec: { ...set.spec!, serviceName: 'other' } }),
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    );
  });
});

describe('DaemonSet', () => {
  it('gets its defaults, and counts its templates', () => {
    const admission = createAdmission();
    const set = admission.create(object<DaemonSet>('DaemonSet', `spec:${SELECTED}`));
    const generation = ({ metadata }: DaemonSet): string =>
      metadata!.annotations!['deprecated.daemonset.template.generation']!;
    assert.deepEqual(set.spec?.updateStrategy, {
      type: 'RollingUpdate',
      rollingUpdate: { maxUnavailable: 1, maxSurge: 0 },
    });
    assert.equal(generation(set), '1');
    const changed = object<DaemonSet>('DaemonSet', `spec:${SELECTED.replace('image: i', 'image: j')}`);
    assert.equal(generation(admission.update(changed)), '2');
    assert.equal(generation(admission.update(changed)), '2');
  });

  it('is refused with both surge and absence, or none', () => {
    const rolling = (limits: string): string =>
      `spec:${SELECTED}
  updateStrategy: { type: RollingUpdate, rollingUpdate: { ${limits} } }`;
    refusedOnCreate(
      'DaemonSet',
      rolling('maxUnavailable: 1, maxSurge: 1'),
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
    );
    refusedOnCreate(
      'DaemonSet',
      rolling('maxUnavailable: 0%'),
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    );
  });
});

describe('Job', () => {
  it('selects its own pods, by its uid', () => {
    const { spec } = stored<Job>('Job', `spec: { ${JOB_TEMPLATE} }`);
    assert.deepEqual(spec?.selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } });
    assert.deepEqual(spec?.template.metadata?.labels, {
      'batch.kubernetes.io/controller-uid': 'u',
      'batch.kubernetes.io/job-name': 'a',
      'controller-uid': 'u',
      'job-name': 'a',
    });
    const { parallelism, completions, backoffLimit, completionMode, suspend, podReplacementPolicy } = spec!;
    assert.deepEqual(
      { parallelism, completions, backoffLimit, completionMode, suspend, podReplacementPolicy },
      {
        parallelism: 1,
        completions: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        podReplacementPolicy: 'TerminatingOrFailed',
      },
    );
  });

  const refusals: readonly [string, string, ...string[]][] = [
    [
      'pods that never end',
      'template: { spec: { containers: [{ name: c, image: i }] } }',
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'indexes without completions',
      `completionMode: Indexed, parallelism: 1, ${JOB_TEMPLATE}`,
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'limits for indexes that it does not have',
      `backoffLimitPerIndex: 1, ${JOB_TEMPLATE}`,
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
    [
      'a failure policy that contradicts itself',
      `podFailurePolicy: { rules: [{ action: FailJob }, { action: Burn, onExitCodes: { operator: In, values: [2, 0] } }] }, ${JOB_TEMPLATE}`,
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      'spec.podFailurePolicy.rules[1].action: Unsupported value: "Burn": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
      'spec.podFailurePolicy.rules[1].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[1].onExitCodes.values: Invalid value: [2,0]: must be ordered',
    ],
    [
      'a success policy beyond its indexes',
      `completionMode: Indexed, completions: 3, successPolicy: { rules: [{ succeededIndexes: "0-1,5" }, { succeededIndexes: "0", succeededCount: 2 }] }, ${JOB_TEMPLATE}`,
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0-1,5": error parsing succeededIndexes: too large index: "5"',
      'spec.successPolicy.rules[1].succeededCount: Invalid value: 2: must be less than or equal to 1 (the number of indexes in the specified succeededIndexes field)',
    ],
  ];
  for (const [what, spec, ...lines] of refusals)
    it(`is refused with ${what}`, () => refusedOnCreate('Job', `spec: { ${spec} }`, ...lines));

  it('keeps its template, unless it waits suspended', () => {
    const admission = createAdmission();
    const job = admission.create(object<Job>('Job', `spec: { suspend: true, ${JOB_TEMPLATE} }`));
    const on = (nodeSelector: Readonly<Record<string, string>>, image: string): Job => ({
      ...job,
      spec: {
        ...job.spec!,
        template: {
          ...job.spec!.template,
          spec: { ...job.spec!.template.spec!, nodeSelector, containers: [{ name: 'c', image }] },
        },
      },
    });
    admission.update(on({ disk: 'ssd' }, 'i'));
    assert.throws(() => admission.update(on({}, 'j')), /spec.template: .* field is immutable/);
  });
});

describe('CronJob', () => {
  const cron = (more: string): string => `spec: { ${more}, jobTemplate: { spec: { ${JOB_TEMPLATE} } } }`;
  it('gets its defaults; its Jobs get theirs when they are made', () => {
    const { spec } = stored<CronJob>('CronJob', cron('schedule: "*/5 * * * *"'));
    assert.deepEqual(
      [
        spec?.concurrencyPolicy,
        spec?.suspend,
        spec?.successfulJobsHistoryLimit,
        spec?.failedJobsHistoryLimit,
      ],
      ['Allow', false, 3, 1],
    );
    assert.equal(spec?.jobTemplate.spec?.backoffLimit, undefined);
  });
  it('is refused with schedules, zones and policies that are none', () => {
    refusedOnCreate(
      'CronJob',
      cron('schedule: "* * *", timeZone: Mars/Base, concurrencyPolicy: Perhaps'),
      'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
      'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
      'spec.concurrencyPolicy: Unsupported value: "Perhaps": supported values: "Allow", "Forbid", "Replace"',
    );
  });
});

describe('ReplicationController', () => {
  it('takes selector and labels from its template', () => {
    const controller = stored<ReplicationController>('ReplicationController', `spec:${TEMPLATE}`);
    assert.deepEqual(controller.spec?.selector, { app: 'a' });
    assert.deepEqual(controller.metadata?.labels, { app: 'a' });
  });
});

describe('Ingress', () => {
  const CLASS = { kind: 'IngressClass', spec: { controller: 'example.com/c' } };
  it('gets the default class, the newest', () => {
    const admission = createAdmission();
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    for (const [name, creationTimestamp] of [
      ['old', '2026-01-01T00:00:00Z'],
      ['new', '2026-01-02T00:00:00Z'],
    ])
      admission.create({
        ...CLASS,
        metadata: { name: name!, creationTimestamp: creationTimestamp!, annotations },
      });
    const ingress = object<Ingress>(
      'Ingress',
      'spec: { defaultBackend: { service: { name: s, port: { number: 80 } } } }',
    );
    assert.equal(admission.create(ingress).spec?.ingressClassName, 'new');
  });

  it('is refused with bad hosts, paths and backends', () => {
    refusedOnCreate(
      'Ingress',
      'spec: {}',
      'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
    );
    refusedOnCreate(
      'Ingress',
      `spec:
  rules:
  - host: 10.0.0.1
    http: { paths: [{ path: a//b, pathType: Prefix, backend: { service: { name: s } } }, { path: /, backend: {} }] }
  - host: "*.example.com"
    http: { paths: [{ path: /a/.., pathType: Exact, backend: { resource: { kind: K, name: n }, service: { name: s, port: { number: 1 } } } }] }`,
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must be an absolute path',
      'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must not contain \'//\'',
      'spec.rules[0].http.paths[0].backend: Required value: port name or number is required',
      'spec.rules[0].http.paths[1].pathType: Required value: pathType must be specified',
      'spec.rules[1].http.paths[0].path: Invalid value: "/a/..": cannot end with \'/..\'',
      'spec.rules[1].http.paths[0].backend: Invalid value: "": cannot set both resource and service backends',
    );
  });
});

describe('NetworkPolicy', () => {
  it('speaks of Ingress, and of Egress where it has rules for it', () => {
    const { spec } = stored<NetworkPolicy>(
      'NetworkPolicy',
      'spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] }',
    );
    assert.deepEqual(spec?.policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(spec?.egress, [{ ports: [{ port: 53, protocol: 'TCP' }] }]);
  });

  it('is refused with bad peers and ports', () => {
    refusedOnCreate(
      'NetworkPolicy',
      `spec:
  podSelector: {}
  policyTypes: [Sideways]
  ingress:
  - ports: [{ port: 80, endPort: 79 }, { endPort: 3 }, { port: web, endPort: 3 }, { port: 0, protocol: ICMP }]
    from: [{}, { ipBlock: { cidr: 10.0.0.0/8, except: [10.0.0.0/8, 11.0.0.0/16] }, podSelector: {} }, { ipBlock: { cidr: 10.0.0.1/8 } }]`,
      'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
      'spec.ingress[0].ports[1].endPort: Invalid value: 3: may not be specified when `port` is not specified',
      'spec.ingress[0].ports[2].endPort: Invalid value: 3: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[3].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
      'spec.ingress[0].ports[3].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ingress[0].from[0]: Required value: must specify a peer',
      'spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
      'spec.ingress[0].from[1].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
      'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
      'spec.ingress[0].from[2].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
      'spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Ingress", "Egress"',
    );
  });
});

describe('LimitRange', () => {
  it('derives the defaults of containers from each other', () => {
    const { spec } = stored<LimitRange>(
      'LimitRange',
      'spec: { limits: [{ type: Container, max: { cpu: "2" }, min: { memory: 64Mi }, default: { memory: 128Mi } }] }',
    );
    assert.deepEqual(spec?.limits[0]?.default, { cpu: '2', memory: '128Mi' });
    assert.deepEqual(spec?.limits[0]?.defaultRequest, { cpu: '2', memory: '128Mi' });
  });
  it('is refused when it contradicts itself', () => {
    refusedOnCreate(
      'LimitRange',
      'spec: { limits: [{ type: Pod, max: { cpu: 1 }, min: { cpu: 2 }, default: { cpu: 1 } }, { type: Pod }] }',
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
      'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
      'spec.limits[1].type: Duplicate value: "Pod"',
    );
  });
});

describe('ResourceQuota', () => {
  it('is refused with resources and scopes that do not fit', () => {
    refusedOnCreate(
      'ResourceQuota',
      'spec: { hard: { toys: 1, pods: 1500m, cpu: 1 }, scopes: [BestEffort, NotBestEffort] }',
      'spec.hard[toys]: Invalid value: "toys": must be a standard resource type or fully qualified',
      'spec.hard[toys]: Invalid value: "toys": must be a standard resource for quota',
      'spec.hard[pods]: Invalid value: "1500m": must be an integer',
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource',
      'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
    );
  });
});

describe('PodDisruptionBudget', () => {
  it('is refused with both limits, or more than all', () => {
    refusedOnCreate(
      'PodDisruptionBudget',
      'spec: { minAvailable: 101%, maxUnavailable: 1 }',
      'spec: Invalid value: {"minAvailable":"101%","maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
      'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
    );
  });
});

describe('PriorityClass', () => {
  it('gives pods their priority', () => {
    const admission = createAdmission();
    admission.create({ kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 } as KubeObject);
    const pod = (spec: string): Pod =>
      object<Pod>('Pod', `spec: { ${spec} containers: [{ name: c, image: i }] }`);
    assert.equal(admission.create(pod('priorityClassName: high,')).spec?.priority, 1000);
    assert.equal(
      admission.create(pod('priorityClassName: system-node-critical,')).spec?.priority,
      2_000_001_000,
    );
    assert.throws(
      () => admission.create(pod('priorityClassName: low,')),
      /no PriorityClass with name low was found/,
    );
    assert.throws(
      () => admission.create(pod('priority: 5,')),
      /the integer value of priority \(5\) must not be provided/,
    );
  });
  it('may be the default only once, and may not be too high', () => {
    const admission = createAdmission();
    const create = (name: string, value: number, globalDefault: boolean): KubeObject =>
      admission.create({ kind: 'PriorityClass', metadata: { name }, value, globalDefault } as KubeObject);
    create('a', 1, true);
    assert.throws(() => create('b', 1, true), /PriorityClass a is already marked as default/);
    refused(
      () => create('c', 1_000_000_001, false),
      'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
    );
    refused(
      () => create('system-c', 1, false),
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-c is not a known system priority class",
    );
  });
});

describe('PersistentVolumeClaim', () => {
  const claim = (name: string, more = ''): PersistentVolumeClaim =>
    object(
      'PersistentVolumeClaim',
      `{ metadata: { name: ${name} }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } ${more} } }`,
    );
  it('is pending, and asks for the default class', () => {
    const admission = createAdmission();
    assert.equal(admission.create(claim('a')).status?.phase, 'Pending');
    admission.create({
      kind: 'StorageClass',
      metadata: {
        name: 'fast',
        creationTimestamp: '2026-01-01T00:00:00Z',
        annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
      },
      provisioner: 'example.com/p',
    } as KubeObject);
    assert.equal(admission.create(claim('b')).spec?.storageClassName, 'fast');
    assert.equal(admission.create(claim('c', ', storageClassName: ""')).spec?.storageClassName, '');
  });
  it('is refused without access modes and size, and does not change', () => {
    refusedOnCreate(
      'PersistentVolumeClaim',
      'spec: { accessModes: [Sometimes] }',
      'spec.accessModes: Unsupported value: "Sometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      'spec.resources[storage]: Required value',
    );
    const admission = createAdmission();
    const made = admission.create(claim('a'));
    assert.throws(
      () => admission.update({ ...made, spec: { ...made.spec, accessModes: ['ReadWriteMany'] } }),
      /spec is immutable after creation except resources.requests/,
    );
  });
});

describe('columns', () => {
  const { row } = createAdmission();
  const NOW = Date.parse('2026-11-24T12:00:00Z');
  const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();
  const metadata = { name: 'a', creationTimestamp: at(90) };
  const spec = { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } };
  const rows: readonly [string, object, string][] = [
    [
      'Job',
      {
        spec: { ...spec, completions: 3, selector: { matchLabels: { x: 'y' } } },
        status: { succeeded: 1, startTime: at(60) },
      },
      'a | Running | 1/3 | 60s | 90s | c | i | x=y',
    ],
    [
      'Job',
      {
        spec: { ...spec, parallelism: 2 },
        status: {
          succeeded: 1,
          startTime: at(60),
          completionTime: at(50),
          conditions: [{ type: 'Complete', status: 'True' }],
        },
      },
      'a | Complete | 1/1 of 2 | 10s | 90s | c | i | <none>',
    ],
    [
      'CronJob',
      { spec: { schedule: '@daily', suspend: true, jobTemplate: { spec } }, status: { active: [{}] } },
      'a | @daily | <none> | True | 1 | <none> | 90s | c | i | <none>',
    ],
    [
      'StatefulSet',
      { spec: { ...spec, replicas: 2 }, status: { readyReplicas: 1 } },
      'a | 1/2 | 90s | c | i',
    ],
    [
      'DaemonSet',
      { spec, status: { desiredNumberScheduled: 3, numberReady: 1 } },
      'a | 3 | 0 | 1 | 0 | 0 | <none> | 90s | c | i | <none>',
    ],
    [
      'ControllerRevision',
      {
        metadata: {
          ...metadata,
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true }],
        },
        revision: 2,
      },
      'a | statefulset.apps/web | 2 | 90s',
    ],
    [
      'PodDisruptionBudget',
      { spec: { maxUnavailable: '25%' }, status: { disruptionsAllowed: 1 } },
      'a | N/A | 25% | 1 | 90s',
    ],
    [
      'Ingress',
      {
        spec: { rules: ['a', 'b', 'c', 'd'].map((host) => ({ host })), tls: [{}] },
        status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
      },
      'a | <none> | a,b,c + 1 more... | 10.0.0.1 | 80, 443 | 90s',
    ],
    [
      'ResourceQuota',
      { status: { hard: { pods: '3', 'limits.cpu': '2' }, used: { pods: '1' } } },
      'a | pods: 1/3 | limits.cpu: 0/2 | 90s',
    ],
    [
      'PersistentVolumeClaim',
      { spec: { storageClassName: 'fast' }, status: { phase: 'Pending' } },
      'a | Pending |  |  |  | fast | <unset> | 90s | <unset>',
    ],
    ['PriorityClass', { value: 5 }, 'a | 5 | false | 90s | '],
    ['NetworkPolicy', { spec: { podSelector: {} } }, 'a | <none> | 90s'],
  ];
  for (const [kind, fields, text] of rows)
    it(`${kind}: ${text}`, () => assert.equal(row({ kind, metadata, ...fields } as KubeObject, NOW), text));

  it('HorizontalPodAutoscaler shows what it scales by', () => {
    const admission = createAdmission();
    const made = admission.create(
      object<HorizontalPodAutoscaler>(
        'HorizontalPodAutoscaler',
        'spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }',
      ),
    );
    assert.match(row(made, NOW), /^a \| Deployment\/web \| cpu: <unknown>\/80% \| 1 \| 3 \| 0 \| /);
  });
});
