import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../k8s/generated/types.ts';
import { memorySize } from './empty-dir.ts';

const podWith = (...limits: readonly (string | undefined)[]): Pod => ({
  spec: {
    containers: limits.map((memory, index) => ({
      name: `c${index}`,
      ...(memory === undefined ? {} : { resources: { limits: { memory } } }),
    })),
  },
});

describe('memorySize()', () => {
  const capacity = { cpuMillis: 1000, memoryBytes: 8 << 20 };
  const size = (pod: Pod, sizeLimit?: string): number =>
    memorySize({ medium: 'Memory', ...(sizeLimit === undefined ? {} : { sizeLimit }) }, { pod, capacity });

  it('is the least of the volume’s limit, the pod’s and the node’s memory', () => {
    assert.equal(size(podWith(undefined), '1Mi'), 1 << 20);
    assert.equal(size(podWith('1Mi', '2Mi'), '5Mi'), 3 << 20);
    assert.equal(size(podWith('1Mi', undefined), '5Mi'), 5 << 20);
    assert.equal(size(podWith('1Gi')), 8 << 20);
    assert.equal(size(podWith(undefined), '0'), 8 << 20);
  });
});
