import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  clusterPolicies,
  connection,
  emptyWorld,
  networkPolicies,
} from '../../test/support/policy-arbitraries.ts';
import { parseAddress } from '../ip/address.ts';
import { createLiveEvaluator } from './live-evaluator.ts';
import { createEvaluator } from './model/evaluate.ts';
import type { PolicyPod, World } from './model/world.ts';

const questions = fc.array(connection, { minLength: 10, maxLength: 10 });
const worlds = fc
  .tuple(emptyWorld, networkPolicies, clusterPolicies)
  .map(([world, some, others]): World => ({ ...world, policies: [...some, ...others] }));

describe('createLiveEvaluator()', () => {
  it('says what an evaluator says that begins with the world as it has become', () => {
    fc.assert(
      fc.property(fc.array(worlds, { minLength: 1, maxLength: 4 }), questions, (steps, asked) => {
        let [world, before] = [steps[0]!, undefined as World | undefined];
        const live = createLiveEvaluator(() => world);
        for (world of steps) {
          for (const key of before?.pods.keys() ?? []) if (!world.pods.has(key)) live.setPod(key, undefined);
          for (const key of before?.nodes.keys() ?? [])
            if (!world.nodes.has(key)) live.setNode(key, undefined);
          for (const [key, pod] of world.pods) live.setPod(key, pod);
          for (const [key, node] of world.nodes) live.setNode(key, node);
          live.forgetRules();
          assert.deepEqual(asked.map(live.now()), asked.map(createEvaluator(world)));
          before = world;
        }
      }),
    );
  });

  it('an address is the one’s that has come last, and the other’s again when that one goes', () => {
    const live = createLiveEvaluator(() => ({ policies: [], namespaces: new Map(), domains: new Map() }));
    const address = parseAddress('10.1.0.1')!;
    const pod = (name: string): PolicyPod => ({
      ...{ namespace: 'shop', name, labels: {}, node: 'node-1', namedPorts: [] },
      addresses: ['10.1.0.1'],
    });
    const owner = (): string | undefined => {
      const { source } = live.now()({ source: address, destination: address, protocol: 'TCP', port: 1 });
      return source.kind === 'pod' ? source.pod.name : undefined;
    };
    live.setPod('shop/old', pod('old'));
    live.setPod('shop/new', pod('new'));
    assert.equal(owner(), 'new');
    live.setPod('shop/old', { ...pod('old'), labels: { a: 'b' }, addresses: [] });
    assert.equal(owner(), 'new');
    live.setPod('shop/old', pod('old'));
    live.setPod('shop/new', undefined);
    assert.equal(owner(), 'old');
    live.setPod('shop/old', undefined);
    assert.equal(owner(), undefined);
  });
});
