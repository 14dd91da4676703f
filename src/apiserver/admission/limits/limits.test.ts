// LimitRanges through the registry's verbs.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../../test/support/registry-verbs.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../../test/support/whole-registry.ts';
import type { Pod } from '../../../k8s/generated/types.ts';

let api: WholeRegistry;
beforeEach(async () => {
  api = await createWholeRegistry();
});

const range = (item: string) => api.create('LimitRange', 'l', `spec: { limits: [${item}] }`);
const pod = (resources = '{}', more = ''): Promise<Pod> =>
  api.create('Pod', 'p', `spec: { ${more}containers: [{ name: c, image: i, resources: ${resources} }] }`);

describe('LimitRange', () => {
  it('gives containers what they do not say, and says so', async () => {
    await range('{ type: Container, default: { cpu: 500m, memory: 1Gi }, defaultRequest: { cpu: 100m } }');
    const { metadata, spec, status } = await pod('{ limits: { memory: 2Gi } }');
    assert.deepEqual(spec?.containers[0]?.resources, {
      limits: { cpu: '500m', memory: '2Gi' },
      requests: { cpu: '100m', memory: '2Gi' },
    });
    assert.equal(
      metadata?.annotations?.['kubernetes.io/limit-ranger'],
      'LimitRanger plugin set: cpu request for container c; cpu limit for container c',
    );
    assert.equal(status?.qosClass, 'Burstable');
  });

  for (const [item, resources, ...findings] of [
    [
      '{ type: Container, min: { cpu: 100m } }',
      '{ requests: { cpu: 50m } }',
      'minimum cpu usage per Container is 100m, but request is 50m',
    ],
    [
      '{ type: Container, max: { memory: 1Gi } }',
      '{ requests: { memory: 64Mi }, limits: { memory: 2Gi } }',
      'maximum memory usage per Container is 1Gi, but limit is 2Gi',
    ],
    [
      '{ type: Container, maxLimitRequestRatio: { cpu: 2 } }',
      '{ requests: { cpu: 100m }, limits: { cpu: 1 } }',
      'cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000',
    ],
    [
      '{ type: Container, maxLimitRequestRatio: { cpu: 2 } }',
      '{}',
      'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
    ],
    [
      '{ type: Pod, min: { cpu: 1 }, max: { cpu: 2, memory: 1Gi } }',
      '{ requests: { cpu: 500m } }',
      'minimum cpu usage per Pod is 1, but request is 500m',
      'maximum cpu usage per Pod is 2.  No limit is specified',
      'maximum memory usage per Pod is 1Gi.  No limit is specified',
    ],
  ] as const)
    it(`refuses: ${findings[0]}`, async () => {
      await range(item);
      const { code, message } = await statusOf(pod(resources));
      const why = findings.length === 1 ? findings[0] : `[${findings.join(', ')}]`;
      assert.deepEqual([code, message], [403, `pods "p" is forbidden: ${why}`]);
    });

  it('takes the larger of containers and init containers for a pod', async () => {
    await range('{ type: Pod, max: { cpu: 1 } }');
    const init = 'initContainers: [{ name: i, image: i, resources: { limits: { cpu: 2 } } }], ';
    const { message } = await statusOf(pod('{ limits: { cpu: 1 } }', init));
    assert.match(message ?? '', /maximum cpu usage per Pod is 1, but limit is 2$/);
  });

  it('bounds what claims request', async () => {
    await range('{ type: PersistentVolumeClaim, min: { storage: 1Gi }, max: { storage: 2Gi } }');
    const claim = (storage: string): Promise<unknown> =>
      api.create(
        'PersistentVolumeClaim',
        'a',
        `spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: ${storage} } } }`,
      );
    assert.equal(
      (await statusOf(claim('3Gi'))).message,
      'persistentvolumeclaims "a" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    );
    await claim('1Gi');
  });
});

describe('RuntimeClass', () => {
  it('gives pods its overhead, node selector and tolerations', async () => {
    await api.create(
      'RuntimeClass',
      'r',
      'handler: h\noverhead: { podFixed: { cpu: 100m } }\nscheduling: { nodeSelector: { a: b }, tolerations: [{ key: k, operator: Exists }] }',
    );
    const { spec } = await pod('{}', 'runtimeClassName: r, nodeSelector: { c: d }, ');
    assert.deepEqual(spec?.overhead, { cpu: '100m' });
    assert.deepEqual(spec?.nodeSelector, { a: 'b', c: 'd' });
    assert.deepEqual(spec?.tolerations?.[0], { key: 'k', operator: 'Exists' });
  });

  it('must be there, and its overhead is the only one', async () => {
    assert.equal(
      (await statusOf(pod('{}', 'runtimeClassName: r, '))).message,
      'pods "p" is forbidden: pod rejected: RuntimeClass "r" not found',
    );
    assert.equal(
      (await statusOf(pod('{}', 'overhead: { cpu: 1 }, '))).message,
      'pods "p" is forbidden: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    );
  });
});
