import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { prefixContains, prefixOf } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import { createFacts } from './facts.ts';
import { createNumbers } from './numbers.ts';
import { networksAt, partitionOf } from './partition.ts';
import type { Fact, Network } from './records.ts';

/** In 0.0.0.0/24 or all of IPv4: 256 addresses to try. */
const prefix = fc
  .tuple(fc.nat(255), fc.constantFrom(0, 24, 26, 28, 30, 31, 32))
  .map(([host, length]): Prefix => prefixOf({ family: 4, value: BigInt(host) }, length));

const network = fc
  .tuple(prefix, fc.array(prefix, { maxLength: 3 }))
  .map(([cidr, except]): Network => ({ kind: 'network', cidr, except }));

const rules = fc.array(fc.array(network, { minLength: 1, maxLength: 3 }), { maxLength: 5 });

const has = (networks: readonly Network[], value: bigint): boolean =>
  networks.some(
    ({ cidr, except }) =>
      prefixContains(cidr, { family: 4, value }) &&
      !except.some((each) => prefixContains(each, { family: 4, value })),
  );

const factsOf = (lists: readonly (readonly Network[])[]): ReadonlySet<Fact> => {
  const facts = createFacts(createNumbers());
  return new Set(lists.flatMap((list) => facts.ofPeers(list)));
};

describe('partition', () => {
  it('every address is in the networks that have it', () => {
    fc.assert(
      fc.property(rules, (lists) => {
        const facts = factsOf(lists);
        const partition = partitionOf(4, facts);
        for (const value of [...Array.from({ length: 257 }, (_, n) => BigInt(n)), 0xffff_ffffn]) {
          const found = new Set(networksAt(partition, { family: 4, value }));
          for (const fact of facts)
            assert.equal(
              found.has(fact),
              fact.is.kind === 'networks' && has(fact.is.networks, value),
              `${value}`,
            );
        }
      }),
    );
  });

  it('intervals ascend without overlaps, and neighbours differ', () => {
    fc.assert(
      fc.property(rules, (lists) => {
        partitionOf(4, factsOf(lists)).forEach(({ first, last, networks }, i, all) => {
          assert.ok(first <= last && networks.length > 0);
          const next = all[i + 1];
          if (next) assert.ok(last < next.first);
          if (next && last + 1n === next.first) assert.notDeepEqual(networks, next.networks);
        });
      }),
    );
  });

  it('a network of the other family is no part', () => {
    const six: Network = { kind: 'network', cidr: prefixOf({ family: 6, value: 0n }, 0), except: [] };
    const facts = factsOf([[six]]);
    assert.deepEqual(partitionOf(4, facts), []);
    assert.equal(partitionOf(6, facts).length, 1);
  });
});
