// ResourceQuotas through the registry's verbs: what is counted, what is refused, and that the count is never wrong.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../test/support/registry-verbs.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../test/support/whole-registry.ts';
import type { ResourceQuota } from '../../k8s/generated/types.ts';

let api: WholeRegistry;
beforeEach(async () => {
  api = await createWholeRegistry();
});

const POD = 'spec: { containers: [{ name: c, image: i }] }';
const podWith = (resources: string, more = ''): string =>
  `spec: { ${more}containers: [{ name: c, image: i, resources: ${resources} }] }`;

const used = (name = 'q'): Readonly<Record<string, unknown>> | undefined =>
  api.get<ResourceQuota>('ResourceQuota', name).status?.used;
const quota = (hard: string, more = '', name = 'q') =>
  api.create('ResourceQuota', name, `spec: { hard: ${hard}${more} }`);
const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  const { code, reason, message } = await statusOf(attempt);
  assert.deepEqual([code, reason], [403, 'Forbidden']);
  return message ?? '';
};

describe('ResourceQuota', () => {
  it('counts what is there when it comes, and says what it limits', async () => {
    await api.create('Pod', 'a', POD);
    await quota('{ pods: 2, configmaps: 3, count/deployments.apps: 1 }');
    const { status } = api.get<ResourceQuota>('ResourceQuota', 'q');
    assert.deepEqual(status, {
      hard: { pods: '2', configmaps: '3', 'count/deployments.apps': '1' },
      used: { pods: '1', configmaps: '0', 'count/deployments.apps': '0' },
    });
  });

  it('refuses what exceeds it, in the words of kube-apiserver', async () => {
    await quota('{ pods: 2 }');
    for (const name of ['a', 'b']) await api.create('Pod', name, POD);
    assert.equal(
      await refusal(api.create('Pod', 'c', POD)),
      'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
    );
    assert.deepEqual(used(), { pods: '2' });
  });

  it('lets no two of many creates have the last place', async () => {
    await quota('{ pods: 3 }');
    const names = Array.from({ length: 10 }, (_, i) => `p${i}`);
    const results = await Promise.allSettled(names.map((name) => api.create('Pod', name, POD)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 3);
    assert.deepEqual(used(), { pods: '3' });
  });

  it('gives back what is deleted, and the pods of a pod that has finished', async () => {
    await quota('{ pods: 2, count/pods: 5, requests.cpu: 1 }');
    const pod = podWith('{ requests: { cpu: 300m } }');
    for (const name of ['a', 'b']) await api.create('Pod', name, pod);
    assert.deepEqual(used(), { pods: '2', 'count/pods': '2', 'requests.cpu': '600m' });
    await api.patch('Pod', 'a', { status: { phase: 'Succeeded' } }, 'status');
    assert.deepEqual(used(), { pods: '1', 'count/pods': '2', 'requests.cpu': '300m' });
    await api.remove('Pod', 'b');
    assert.deepEqual(used(), { pods: '0', 'count/pods': '1', 'requests.cpu': '0' });
  });

  it('counts nothing for a write that fails or is a dry run', async () => {
    await quota('{ pods: 2 }');
    await api.create('Pod', 'a', POD);
    await api.create('Pod', 'b', POD, { dryRun: true });
    assert.equal((await statusOf(api.create('Pod', 'a', POD))).reason, 'AlreadyExists');
    assert.deepEqual(used(), { pods: '1' });
  });

  it('refuses a dry run that exceeds it', async () => {
    await quota('{ pods: 0 }');
    assert.match(await refusal(api.create('Pod', 'a', POD, { dryRun: true })), /exceeded quota: q/);
  });

  it('wants every container to say what it takes of CPU and memory that are limited', async () => {
    await quota('{ requests.cpu: 1, limits.memory: 1Gi, cpu: 1 }');
    const two = 'spec: { containers: [{ name: c2, image: i }, { name: c1, image: i }] }';
    assert.equal(
      await refusal(api.create('Pod', 'a', two)),
      'pods "a" is forbidden: failed quota: q: must specify cpu for: c1,c2; limits.memory for: c1,c2; requests.cpu for: c1,c2',
    );
    await api.create('Pod', 'a', podWith('{ requests: { cpu: 1 }, limits: { memory: 256Mi } }'));
    assert.deepEqual(used(), { 'requests.cpu': '1', 'limits.memory': '256Mi', cpu: '1' });
  });

  it('names all that is exceeded, by name', async () => {
    await quota('{ requests.cpu: 1, limits.cpu: 1, pods: 9 }');
    const pod = podWith('{ requests: { cpu: 1500m }, limits: { cpu: 2 } }');
    assert.equal(
      await refusal(api.create('Pod', 'a', pod)),
      'pods "a" is forbidden: exceeded quota: q, requested: limits.cpu=2,requests.cpu=1500m, ' +
        'used: limits.cpu=0,requests.cpu=0, limited: limits.cpu=1,requests.cpu=1',
    );
  });

  it('counts Services by what they take, and looks again when their type changes', async () => {
    await quota('{ services: 2, services.nodeports: 1, services.loadbalancers: 1 }');
    const ports = 'ports: [{ name: a, port: 80 }, { name: b, port: 81 }]';
    await api.create('Service', 's', `spec: { ${ports} }`);
    assert.deepEqual(used(), { services: '1', 'services.nodeports': '0', 'services.loadbalancers': '0' });
    assert.match(
      await refusal(api.patch('Service', 's', { spec: { type: 'NodePort' } })),
      /requested: services.nodeports=2, used: services.nodeports=0, limited: services.nodeports=1$/,
    );
    await api.create('Service', 't', 'spec: { type: LoadBalancer, ports: [{ port: 80 }] }');
    assert.deepEqual(used(), { services: '2', 'services.nodeports': '1', 'services.loadbalancers': '1' });
  });

  it('counts claims by their storage and by their class', async () => {
    await quota(
      '{ persistentvolumeclaims: 2, requests.storage: 10Gi, fast.storageclass.storage.k8s.io/requests.storage: 5Gi }',
    );
    const claim =
      'spec: { storageClassName: fast, accessModes: [ReadWriteOnce], resources: { requests: { storage: 4Gi } } }';
    await api.create('PersistentVolumeClaim', 'a', claim);
    assert.deepEqual(used(), {
      persistentvolumeclaims: '1',
      'requests.storage': '4Gi',
      'fast.storageclass.storage.k8s.io/requests.storage': '4Gi',
    });
    assert.match(await refusal(api.create('PersistentVolumeClaim', 'b', claim)), /fast.storageclass/);
  });

  it('counts other quotas, and itself', async () => {
    await quota('{ resourcequotas: 2 }');
    assert.deepEqual(used(), { resourcequotas: '1' });
    await quota('{ pods: 1 }', '', 'r');
    assert.deepEqual(used(), { resourcequotas: '2' });
    assert.match(await refusal(quota('{ pods: 1 }', '', 's')), /limited: resourcequotas=2/);
  });

  for (const [scope, fitting, other] of [
    ['BestEffort', POD, podWith('{ requests: { cpu: 1 } }')],
    ['NotBestEffort', podWith('{ limits: { memory: 1Gi } }'), POD],
    ['Terminating', podWith('{}', 'activeDeadlineSeconds: 60, '), POD],
    ['NotTerminating', POD, podWith('{}', 'activeDeadlineSeconds: 60, ')],
    [
      'CrossNamespacePodAffinity',
      podWith(
        '{}',
        'affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: z, namespaces: [other], labelSelector: { matchLabels: { a: b } } }] } }, ',
      ),
      POD,
    ],
  ] as const)
    it(`is about pods of the scope ${scope} only`, async () => {
      await quota('{ pods: 1 }', `, scopes: [${scope}]`);
      await api.create('Pod', 'other', other);
      await api.create('Pod', 'fitting', fitting);
      assert.deepEqual(used(), { pods: '1' });
      assert.match(await refusal(api.create('Pod', 'third', fitting)), /exceeded quota/);
    });

  it('is about pods of the priority classes that its selector names', async () => {
    await api.create('PriorityClass', 'high', 'value: 1000');
    await quota(
      '{ pods: 1 }',
      ', scopeSelector: { matchExpressions: [{ scopeName: PriorityClass, operator: In, values: [high] }] }',
    );
    const high = podWith('{}', 'priorityClassName: high, ');
    for (const [name, yaml] of [
      ['a', POD],
      ['b', high],
    ] as const)
      await api.create('Pod', name, yaml);
    assert.match(await refusal(api.create('Pod', 'c', high)), /exceeded quota: q/);
  });

  it('counts anew when its limits change, whatever a client wrote into its status', async () => {
    await quota('{ pods: 2 }');
    await api.create('Pod', 'a', POD);
    await api.patch('ResourceQuota', 'q', { status: { used: { pods: '7' } } }, 'status');
    assert.deepEqual(used(), { pods: '1' });
    await api.patch('ResourceQuota', 'q', { spec: { hard: { pods: '5', secrets: '1' } } });
    assert.deepEqual(used(), { pods: '1', secrets: '0' });
  });
});
