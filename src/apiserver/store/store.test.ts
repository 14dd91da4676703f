import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { FakeClock } from '../../../test/support/fake-clock.ts';
import {
  configMapKind,
  createTestRegistry,
  podKind,
  testContext,
} from '../../../test/support/test-registry.ts';
import { ApiError } from '../../k8s/api-error.ts';
import type { Status } from '../../k8s/generated/types.ts';
import type { ListPage, ListQuery, Registry, RegistryEvent, WatchQuery } from '../registry.ts';

let registry: Registry;
let clock: FakeClock;

beforeEach(async () => {
  ({ registry, clock } = await createTestRegistry());
});

const put = async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<string> => {
  const object = { metadata: { name, namespace: 'default', labels } };
  const exists = registry.list(configMapKind, { fieldSelector: `metadata.name=${name}` }).items.length > 0;
  const stored = exists
    ? await registry.update(configMapKind, object.metadata, object, testContext())
    : await registry.create(configMapKind, 'default', object, testContext());
  return stored.metadata.resourceVersion;
};

const remove = (name: string): Promise<unknown> =>
  registry.delete(configMapKind, { namespace: 'default', name }, {}, testContext());

const namesOf = ({ items }: ListPage): string => items.map(({ metadata }) => metadata.name).join(' ');

const list = (query: ListQuery = {}): ListPage => registry.list(configMapKind, query);

const textOf = (event: RegistryEvent): string => {
  if (event.type === 'ERROR') return `ERROR ${event.status.code}`;
  if (event.type === 'BOOKMARK') return `BOOKMARK${event.initialEventsEnd ? ' end' : ''}`;
  return `${event.type} ${event.object.metadata.name}@${event.object.metadata.resourceVersion}`;
};

const watch = (query: WatchQuery): { readonly seen: string[]; readonly stop: () => void } => {
  const seen: string[] = [];
  return {
    seen,
    ...registry.watch(configMapKind, query, { event: (event) => void seen.push(textOf(event)) }),
  };
};

const statusOf = (attempt: () => unknown): Status => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof ApiError) return error.status;
  }
  return assert.fail('expected a Status');
};

describe('list', () => {
  it('is in key order and selects by namespace, labels and fields', async () => {
    for (const name of ['b', 'a', 'c']) await put(name, { app: name });
    assert.equal(namesOf(list()), 'a b c');
    assert.equal(namesOf(list({ namespace: 'other' })), '');
    assert.equal(namesOf(list({ labelSelector: 'app in (a, c)' })), 'a c');
    assert.equal(namesOf(list({ namespace: 'default', fieldSelector: 'metadata.name=b' })), 'b');
    assert.equal(namesOf(list({ fieldSelector: 'metadata.name!=b' })), 'a c');
  });

  it('refuses a selector that it cannot read and a field that the kind does not offer', () => {
    assert.equal(statusOf(() => list({ labelSelector: 'a in' })).reason, 'BadRequest');
    assert.match(statusOf(() => list({ fieldSelector: 'data.x=1' })).message!, /not a known field selector/);
    const ofPods = statusOf(() => registry.list(podKind, { fieldSelector: 'spec.x=1' }));
    assert.equal(ofPods.message, 'field label not supported: spec.x');
  });

  it('pages show one revision, whatever happens in between', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await put(name);
    assert.equal(list({ limit: -1 }).continue, undefined, 'a limit below 1 is none');
    const first = list({ limit: 2 });
    assert.deepEqual([namesOf(first), first.remainingItemCount], ['a b', 3]);
    await remove('c');
    await put('bb');
    await put('d', { changed: 'yes' });
    const second = list({ limit: 2, continue: first.continue });
    assert.deepEqual([namesOf(second), second.resourceVersion], ['c d', first.resourceVersion]);
    assert.equal(second.items[1]!.metadata.labels, undefined);
    const third = list({ limit: 2, continue: second.continue });
    assert.deepEqual([namesOf(third), third.continue], ['e', undefined]);
    assert.equal(list({ limit: 1, labelSelector: '!x' }).remainingItemCount, undefined);
  });

  it('a continue token that is too old is answered with one that goes on inconsistently', async () => {
    ({ registry } = await createTestRegistry({ history: { changesMax: 3, ageMsMax: 1e9 } }));
    for (const name of ['a', 'b', 'c']) await put(name);
    const first = list({ limit: 1 });
    for (const name of ['d', 'e', 'f', 'g']) await put(name);
    const { code, reason, metadata } = statusOf(() => list({ continue: first.continue }));
    assert.deepEqual([code, reason], [410, 'Expired']);
    assert.equal(namesOf(list({ continue: metadata?.continue })), 'b c d e f g');
    ({ registry } = await createTestRegistry());
    assert.equal(statusOf(() => list({ continue: first.continue })).code, 410);
    assert.equal(statusOf(() => list({ continue: 'nonsense' })).message, 'continue key is not valid');
  });

  it('serves the revision that is asked for', async () => {
    const revision = await put('a');
    await put('b');
    const exact = list({ resourceVersion: revision, resourceVersionMatch: 'Exact' });
    assert.deepEqual([namesOf(exact), exact.resourceVersion], ['a', revision]);
    assert.equal(namesOf(list({ resourceVersion: revision, resourceVersionMatch: 'NotOlderThan' })), 'a b');
    assert.equal(namesOf(list({ resourceVersion: revision })), 'a b');
    assert.equal(namesOf(list({ resourceVersion: '0', limit: 1 })), 'a b');
    const { code, message, details } = statusOf(() => list({ resourceVersion: '99' }));
    assert.deepEqual([code, details?.causes?.[0]?.reason], [504, 'ResourceVersionTooLarge']);
    assert.equal(message, `Timeout: Too large resource version: 99, current: ${registry.revision()}`);
    assert.equal(
      statusOf(() => list({ resourceVersionMatch: 'Exact' })).message,
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    );
  });
});

describe('watch', () => {
  it('begins with the state when no revision is given', async () => {
    const revision = await put('a');
    const { seen, stop } = watch({});
    const next = await put('b');
    stop();
    await put('c');
    assert.deepEqual(seen, [`ADDED a@${revision}`, `ADDED b@${next}`]);
  });

  it('resumes after a revision, and a deletion carries its own', async () => {
    const first = await put('a');
    await put('a', { x: '1' });
    await remove('a');
    const last = Number(registry.revision());
    assert.deepEqual(watch({ resourceVersion: first }).seen, [`MODIFIED a@${last - 1}`, `DELETED a@${last}`]);
  });

  it('turns what enters or leaves the selection into ADDED and DELETED', async () => {
    const { seen } = watch({ labelSelector: 'app=web' });
    await put('a');
    const revisions = [
      await put('a', { app: 'web' }),
      await put('a', { app: 'web', x: '1' }),
      await put('a'),
    ];
    await remove('a');
    assert.deepEqual(
      seen,
      ['ADDED', 'MODIFIED', 'DELETED'].map((type, index) => `${type} a@${revisions[index]}`),
    );
  });

  it('sends the initial events, their end, and bookmarks once a minute', async () => {
    const revision = await put('a');
    const { seen } = watch({
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    });
    const plain = watch({ resourceVersion: revision });
    await clock.advance(60_000);
    assert.deepEqual(seen, [`ADDED a@${revision}`, 'BOOKMARK end', 'BOOKMARK']);
    assert.deepEqual(plain.seen, []);
    assert.match(
      statusOf(() => watch({ sendInitialEvents: true })).message!,
      /resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan/,
    );
  });

  it('from a revision that is forgotten is refused as Expired', async () => {
    const revision = await put('a');
    await put('b');
    await clock.advance(6 * 60_000);
    await put('c');
    const { code, reason } = statusOf(() => watch({ resourceVersion: revision }));
    assert.deepEqual([code, reason], [410, 'Expired']);
  });

  it('gives all watchers the same event, in the same order, also when one of them writes', async () => {
    const events: RegistryEvent[][] = [[], []];
    registry.watch(
      configMapKind,
      {},
      {
        event: (event) => {
          events[0]!.push(event);
          if (textOf(event).startsWith('ADDED a')) void put('b');
        },
      },
    );
    registry.watch(configMapKind, {}, { event: (event) => void events[1]!.push(event) });
    await put('a');
    assert.deepEqual(
      events[1]!.map(textOf).map((text) => text.slice(0, 7)),
      ['ADDED a', 'ADDED b'],
    );
    assert.ok(events[0]!.every((event, index) => event === events[1]![index]));
  });

  it('a failing watcher does not keep events from the others', async () => {
    registry.watch(
      configMapKind,
      {},
      {
        event: () => {
          throw new Error('broken watcher');
        },
      },
    );
    const { seen } = watch({});
    await put('a');
    assert.equal(seen.length, 1);
  });
});

describe('list and watch together', () => {
  const write = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('web', 'db', undefined));
  const stateOf = (page: ListPage): Record<string, string> =>
    Object.fromEntries(page.items.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));

  it('an earlier list plus the events since then is the present list', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 30 }), fc.nat(30), async (writes, cut) => {
        ({ registry } = await createTestRegistry());
        const query = { labelSelector: 'app' };
        let earlier = list(query);
        for (const [index, [name, app]] of writes.entries()) {
          if (app) await put(name, { app, index: String(index) });
          else await remove(name).catch(() => {});
          if (index === cut) earlier = list(query);
        }
        const state = new Map(Object.entries(stateOf(earlier)));
        const apply = (event: RegistryEvent): void => {
          assert.ok(event.type !== 'BOOKMARK' && event.type !== 'ERROR');
          const { name, resourceVersion } = event.object.metadata;
          assert.equal(event.type === 'ADDED', !state.has(name));
          if (event.type === 'DELETED') state.delete(name);
          else state.set(name, resourceVersion);
        };
        const { resourceVersion } = earlier;
        registry.watch(configMapKind, { ...query, resourceVersion }, { event: apply });
        assert.deepEqual(Object.fromEntries(state), stateOf(list(query)));
        const again = list({ ...query, resourceVersion, resourceVersionMatch: 'Exact' });
        assert.deepEqual(stateOf(again), stateOf(earlier));
      }),
      { numRuns: 50 },
    );
  });
});
