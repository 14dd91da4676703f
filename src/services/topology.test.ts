import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Candidate } from './select.ts';
import { clusterEndpoints, localEndpoints } from './topology.ts';

const site = { nodeName: 'here', zone: 'a' };

type Conditions = Pick<Candidate, 'isReady' | 'isServing' | 'isTerminating'>;
const STATES: Readonly<Record<string, Conditions>> = {
  ready: { isReady: true, isServing: true, isTerminating: false },
  // with publishNotReadyAddresses the controller writes ready for terminating pods
  published: { isReady: true, isServing: false, isTerminating: true },
  draining: { isReady: false, isServing: true, isTerminating: true },
  ending: { isReady: false, isServing: false, isTerminating: true },
  unready: { isReady: false, isServing: false, isTerminating: false },
};

/** `ready@here` or `draining@away`, with hints: `ready@away zone=a,b node=here`. */
const candidate = (text: string, index: number): Candidate => {
  const [place, ...hints] = text.split(' ');
  const [state, nodeName] = place!.split('@');
  const hinted = (name: string): string[] | undefined =>
    hints
      .find((hint) => hint.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .split(',');
  return {
    family: 4,
    address: `10.0.0.${index}`,
    port: 80,
    ...STATES[state!]!,
    nodeName,
    forNodes: hinted('node'),
    forZones: hinted('zone'),
  };
};

/** What policies Cluster and Local choose, as numbers. */
const chosen = (...texts: readonly string[]): string => {
  const all = texts.map(candidate);
  const numbers = (some: readonly Candidate[]): string => some.map((each) => all.indexOf(each)).join('');
  return `${numbers(clusterEndpoints(all, site))}|${numbers(localEndpoints(all, site))}`;
};

describe('clusterEndpoints(), localEndpoints()', () => {
  it('choose by condition and place: every pair of them', () => {
    const rank = (state: string): number => (STATES[state]!.isReady ? 2 : state === 'draining' ? 1 : 0);
    const places = Object.keys(STATES).flatMap((state) => [`${state}@here`, `${state}@away`]);
    for (const a of places) {
      for (const b of places) {
        const best = (some: readonly string[]): string => {
          const ranks = [a, b].map((text) => (some.includes(text) ? rank(text.split('@')[0]!) : 0));
          return ranks.flatMap((r, i) => (r > 0 && r === Math.max(...ranks) ? [i] : [])).join('');
        };
        const wanted = `${best([a, b])}|${best([a, b].filter((text) => text.endsWith('@here')))}`;
        assert.equal(chosen(a, b), wanted, `${a}, ${b}`);
      }
    }
  });

  for (const [name, texts, wanted] of [
    ['a hint for this node', ['ready@here node=here', 'ready@away node=away'], '0|0'],
    [
      'a hint for this node wins over the zone',
      ['ready@here zone=a node=here', 'ready@x zone=a node=x'],
      '0|0',
    ],
    ['no hint for this node: the zone', ['ready@x zone=a node=x', 'ready@y zone=b node=y'], '0|'],
    ['one without a node hint: the zone', ['ready@here zone=a node=here', 'ready@x zone=a'], '01|0'],
    ['a hint for this zone', ['ready@x zone=a', 'ready@y zone=b', 'ready@z zone=a,b'], '02|'],
    ['no hint for this zone: all', ['ready@x zone=b', 'ready@y zone=c'], '01|'],
    ['one without a hint: all', ['ready@x zone=a', 'ready@y'], '01|'],
    ['an unready one without a hint does not count', ['ready@x zone=a', 'ready@z zone=b', 'unready@y'], '0|'],
    ['nor does one that drains', ['ready@x zone=a', 'draining@y zone=b'], '0|'],
    ['draining ones are not chosen by hints', ['draining@x zone=a', 'draining@y zone=b'], '01|'],
    ['the zone is empty now: the others, without loss', ['unready@x zone=a', 'ready@y zone=b'], '1|'],
    ['Local does not heed hints', ['ready@here zone=b', 'ready@x zone=a'], '1|0'],
    ['Local does not fall back to other nodes', ['unready@here', 'ready@x'], '1|'],
    ['Local falls back to draining ones by itself', ['draining@here', 'ready@x'], '1|0'],
  ] as const) {
    it(`${name}: ${texts.join(', ')}`, () => assert.equal(chosen(...texts), wanted));
  }

  const anyCandidate = fc
    .record({
      state: fc.constantFrom(...Object.keys(STATES)),
      node: fc.constantFrom('here', 'away'),
      zones: fc.constantFrom('', ' zone=a', ' zone=b', ' zone=a,b'),
      nodes: fc.constantFrom('', ' node=here', ' node=away'),
    })
    .map(({ state, node, zones, nodes }) => `${state}@${node}${zones}${nodes}`);
  const anyCandidates = fc.array(anyCandidate, { maxLength: 6 }).map((texts) => texts.map(candidate));

  it('leave nobody without an endpoint while one is ready, and use no other then', () => {
    fc.assert(
      fc.property(anyCandidates, (all) => {
        const cluster = clusterEndpoints(all, site);
        const local = localEndpoints(all, site);
        const isUsable = (each: Candidate): boolean => each.isReady || (each.isServing && each.isTerminating);
        assert.equal(cluster.length > 0, all.some(isUsable));
        assert.equal(
          local.length > 0,
          all.some((each) => isUsable(each) && each.nodeName === 'here'),
        );
        assert.ok(local.every(({ nodeName }) => nodeName === 'here'));
        if (all.some(({ isReady }) => isReady)) assert.ok(cluster.every(({ isReady }) => isReady));
      }),
    );
  });

  it('do not depend on the order of the endpoints', () => {
    fc.assert(
      fc.property(anyCandidates, (all) => {
        const set = (some: readonly Candidate[]) => new Set(some);
        const reversed = all.toReversed();
        assert.deepEqual(set(clusterEndpoints(reversed, site)), set(clusterEndpoints(all, site)));
        assert.deepEqual(set(localEndpoints(reversed, site)), set(localEndpoints(all, site)));
      }),
    );
  });
});
