import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { diffEntry } from './diff.ts';
import type { EntryDiff, Programmed } from './diff.ts';
import { EndpointIds } from './endpoint-ids.ts';
import type { Entry, Masquerade } from './state.ts';

const entry = (
  endpoints: readonly number[],
  more: { masquerade?: Masquerade; sticky?: number } = {},
): Entry => ({
  map: 'services',
  family: 4,
  match: 'tcp . 10.96.0.10 . 80',
  action: {
    kind: 'balance',
    targets: endpoints.map((n) => ({ at: `10.244.0.${n} . 8080`, isLocal: n === 1 })),
    masquerade: more.masquerade ?? 'outsiders',
    stickySeconds: more.sticky,
  },
});

const ids = new EndpointIds();
const diff = (before: Programmed | undefined, wanted: Entry | undefined): EntryDiff =>
  diffEntry(before, wanted, (masquerade) => ids.take(masquerade));
const programmed = (wanted: Entry): Programmed => diff(undefined, wanted).after!;
/** `+slots 3, -services 1`: how many elements of which maps. */
const summary = ({ changes }: EntryDiff): string => {
  const counts = Map.groupBy(changes, ({ verb, map }) => `${verb === 'add' ? '+' : '-'}${map}`);
  return [...counts]
    .map(([name, group]) => `${name} ${group.length}`)
    .sort()
    .join(', ');
};

describe('diffEntry()', () => {
  it('writes everything of a new entry and nothing of one that stays', () => {
    assert.equal(summary(diff(undefined, entry([1, 2]))), '+endpoints 2, +hairpins 1, +services 1, +slots 2');
    assert.equal(summary(diff(programmed(entry([1, 2])), entry([1, 2]))), '');
  });

  it('moves at most one other endpoint when one goes', () => {
    const before = programmed(entry([1, 2, 3, 4]));
    assert.equal(
      summary(diff(before, entry([1, 3, 4]))),
      '+services 1, +slots 1, -endpoints 1, -services 1, -slots 2',
    );
  });

  it('leaves the verdict alone when one endpoint takes the place of another', () => {
    assert.equal(
      summary(diff(programmed(entry([1, 2])), entry([1, 3]))),
      '+endpoints 1, +slots 1, -endpoints 1, -slots 1',
    );
  });

  it('keeps the ids of the endpoints that stay, and says which are gone', () => {
    const before = programmed(entry([1, 2, 3]));
    const { after, gone } = diff(before, entry([2, 3, 4]));
    const idOf = ({ slots }: Programmed, n: number): number | undefined =>
      slots.find(({ at }) => at === `10.244.0.${n} . 8080`)?.id;
    assert.deepEqual([idOf(after!, 2), idOf(after!, 3)], [idOf(before, 2), idOf(before, 3)]);
    assert.deepEqual(
      gone.map(({ id }) => id),
      [idOf(before, 1)],
    );
  });

  it('gives other ids when the source addresses are to be treated in another way', () => {
    const before = programmed(entry([1, 2]));
    const { gone } = diff(before, entry([1, 2], { masquerade: 'all' }));
    assert.equal(gone.length, 2);
  });

  it('only adds to the sticky endpoints when affinity is switched on', () => {
    assert.equal(
      summary(diff(programmed(entry([1, 2])), entry([1, 2], { sticky: 60 }))),
      '+services 1, +sticky-endpoints 2, -services 1',
    );
  });

  it('takes everything away of an entry that goes', () => {
    assert.equal(
      summary(diff(programmed(entry([1, 2])), undefined)),
      '-endpoints 2, -hairpins 1, -services 1, -slots 2',
    );
  });
});

describe('EndpointIds', () => {
  it('does not hand out an id again before all others', () => {
    const fresh = new EndpointIds();
    const first = fresh.take('all');
    fresh.release(first);
    assert.notEqual(fresh.take('all'), first);
  });

  it('goes on after the ids that it adopts, and those that clients remember', () => {
    const fresh = new EndpointIds();
    fresh.adopt([5, 3], [9]);
    assert.equal(fresh.take('outsiders') % 2 ** 28, 10);
  });

  it('begins again at the end of the ring, past those in use', () => {
    const fresh = new EndpointIds();
    fresh.adopt([1, 2 ** 28 - 1]);
    assert.equal(fresh.take('outsiders') % 2 ** 28, 2);
  });
});
