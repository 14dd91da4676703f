import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { storedAs } from '../../../test/support/object-builders.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import { workloadsOf } from './workloads.ts';

const podOf = (name: string, owner?: string, hash?: string): Pod => ({
  metadata: {
    namespace: 'shop',
    name,
    ...(hash && { labels: { 'pod-template-hash': hash } }),
    ...(owner && {
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: owner.split('/')[0]!,
          name: owner.split('/')[1]!,
          uid: 'u',
          controller: true,
        },
      ],
    }),
  },
  spec: { containers: [] },
});

describe('workloadsOf()', () => {
  it('groups pods by what made them: a Deployment, another controller, nobody', () => {
    const pods = [
      podOf('web-1a-x', 'ReplicaSet/web-1a', '1a'),
      podOf('web-2b-y', 'ReplicaSet/web-2b', '2b'),
      podOf('set-0', 'StatefulSet/set'),
      podOf('bare-z', 'ReplicaSet/bare'),
      podOf('alone'),
    ];
    assert.deepEqual(
      workloadsOf(pods.map(storedAs)).map(
        ({ name, pods: some }) => `${name}: ${some.map((pod) => pod.name).join()}`,
      ),
      ['shop/alone: alone', 'shop/bare: bare-z', 'shop/set: set-0', 'shop/web: web-1a-x,web-2b-y'],
    );
  });
});
