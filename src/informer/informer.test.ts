import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeClient } from '../../test/support/fake-client.ts';
import { withFaultyWatches } from '../../test/support/faulty-watch.ts';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { ConfigMap } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { configMaps } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { startInformer, whenAllSynced } from './informer.ts';
import type { Change, Informer, InformerOptions } from './informer.ts';

const running: Informer<ConfigMap>[] = [];
afterEach(() => running.splice(0).forEach((informer) => informer.stop()));

const map = (name: string, value = '', color = 'red'): ConfigMap => ({
  metadata: { name, namespace: 'ns', labels: { color } },
  data: { value },
});

const line = ({ before, after }: Change<ConfigMap>): string =>
  `${before?.data?.['value'] ?? '-'} -> ${after?.data?.['value'] ?? '-'}`;

const start = (client = createFakeClient(), options: Partial<InformerOptions<ConfigMap>> = {}) => {
  const clock = createFakeClock();
  const informer = startInformer({ client, resource: configMaps, clock, log: silentLog, ...options });
  running.push(informer);
  const heard: string[] = [];
  informer.subscribe((change) => heard.push(`${change.key}: ${line(change)}`));
  return { client, clock, informer, heard };
};

const expired = (): ApiError => new ApiError(failure(410, 'Expired', 'too old resource version'));
const values = (informer: Informer<ConfigMap>): string[] =>
  informer
    .list()
    .map(({ metadata, data }) => `${metadata.name}=${data?.['value']}`)
    .sort();

describe('startInformer()', () => {
  it('lists, then follows the watch', async () => {
    const client = createFakeClient();
    client.put(configMaps, map('a', '1'));
    const { informer, heard } = start(client);
    assert.equal(informer.hasSynced(), false);
    await whenAllSynced(informer);
    client.put(configMaps, map('b', '2'));
    client.put(configMaps, map('a', '3'));
    client.remove(configMaps, 'ns/b');
    await settle();
    assert.deepEqual(heard, ['ns/a: - -> 1', 'ns/b: - -> 2', 'ns/a: 1 -> 3', 'ns/b: 2 -> -']);
    assert.equal(informer.get('ns/a')?.data?.['value'], '3');
  });

  it('lists page by page, and has all of them when it is synced', async () => {
    const client = createFakeClient();
    for (const name of ['a', 'b', 'c', 'd', 'e']) client.put(configMaps, map(name));
    const list: typeof client.list = async (resource, options = {}) => {
      const { items, resourceVersion } = await client.list(resource);
      const start = Number(options.continue ?? 0);
      const more = start + 2 < items.length ? { continue: String(start + 2) } : {};
      return { resourceVersion, items: items.slice(start, start + 2), ...more };
    };
    const { informer, heard } = start({ ...client, list });
    await informer.whenSynced();
    assert.equal(heard.length, 5);
  });

  it('is synced with an empty list too, and only after the list succeeded', async () => {
    const client = createFakeClient();
    client.failNext('list', new Error('connection refused'));
    const { informer, clock } = start(client);
    await settle();
    assert.equal(informer.hasSynced(), false);
    await clock.advance(100);
    assert.equal(informer.hasSynced(), true);
    await informer.whenSynced();
  });

  it('has the cache complete and hasSynced true when the first change is delivered', async () => {
    const client = createFakeClient();
    for (const name of ['a', 'b', 'c']) client.put(configMaps, map(name));
    const { informer } = start(client);
    const sizes: string[] = [];
    informer.subscribe(() => sizes.push(`${informer.list().length} ${informer.hasSynced()}`));
    await informer.whenSynced();
    assert.deepEqual(sizes, ['3 true', '3 true', '3 true']);
  });

  it('gives a late subscriber what is there, at once and once', async () => {
    const client = createFakeClient();
    client.put(configMaps, map('a', '1'));
    const { informer } = start(client);
    const late: string[] = [];
    let subscribed = false;
    informer.subscribe(() => {
      if (subscribed) return;
      subscribed = true;
      informer.subscribe((change) => late.push(line(change)));
    });
    await informer.whenSynced();
    assert.deepEqual(late, ['- -> 1']);
  });

  it('lists again after 410 and delivers what it missed, deletions included', async () => {
    const { client, clock, informer, heard } = start();
    client.put(configMaps, map('stays', '1'));
    client.put(configMaps, map('goes', '1'));
    await informer.whenSynced();
    await settle();
    heard.length = 0;
    client.endWatches(expired());
    client.failNext('watch', expired());
    await settle();
    client.remove(configMaps, 'ns/goes');
    client.put(configMaps, map('stays', '2'));
    client.put(configMaps, map('new', '1'));
    await clock.advance(1000);
    assert.deepEqual(heard, ['ns/goes: 1 -> -', 'ns/stays: 1 -> 2', 'ns/new: - -> 1']);
  });

  it('resumes a watch that ended from the last version, a bookmark counts', async () => {
    const { client, clock, informer } = start();
    await informer.whenSynced();
    client.put(configMaps, map('a', '1'));
    await settle();
    client.bookmark();
    await settle();
    client.endWatches();
    await clock.advance(1000);
    const versions = client.calls.filter(({ verb }) => verb === 'watch').map(({ key }) => key);
    assert.deepEqual(versions, ['100', '102']);
    assert.equal(client.calls.filter(({ verb }) => verb === 'list').length, 1);
  });

  it('lists again when a watch goes back in time: neither an old object nor one that is gone comes back', async () => {
    for (const fault of ['replay', 'swap'] as const) {
      const client = createFakeClient();
      const { informer, clock } = start(client, { client: withFaultyWatches(client, ['none', fault]) });
      await whenAllSynced(informer);
      for (const value of ['1', '2']) client.put(configMaps, map('a', value));
      client.remove(configMaps, 'ns/a');
      client.put(configMaps, map('b', '3'));
      await clock.advance(1000);
      assert.deepEqual(values(informer), ['b=3'], fault);
    }
  });

  it('backs off while the server is away', async () => {
    const client = createFakeClient();
    for (let i = 0; i < 20; i++) client.failNext('list', new Error('connection refused'));
    const { clock } = start(client);
    await clock.advance(10_000);
    assert.equal(client.calls.length, 7); // at 0, 0.1, 0.3, 0.7, 1.5, 3.1 and 6.3 s
  });

  it('deletes and adds when a name comes back with another uid', async () => {
    const { client, clock, informer, heard } = start();
    client.put(configMaps, map('a', 'old'));
    await informer.whenSynced();
    await settle();
    client.failNext('watch', expired());
    client.endWatches(expired());
    client.remove(configMaps, 'ns/a');
    client.put(configMaps, map('a', 'new'));
    heard.length = 0;
    await clock.advance(1000);
    assert.deepEqual(heard, ['ns/a: old -> -', 'ns/a: - -> new']);
  });

  it('keeps indexes and applies the transform before caching', async () => {
    const { client, informer } = start(createFakeClient(), {
      indexes: { color: ({ metadata }) => [metadata.labels!['color']!] },
      transform: (object) => ({ ...object, data: {} }) as Stored<ConfigMap>,
    });
    await informer.whenSynced();
    client.put(configMaps, map('a', 'secret', 'red'));
    client.put(configMaps, map('b', 'secret', 'red'));
    client.put(configMaps, map('a', 'secret', 'blue'));
    await settle();
    const names = (color: string) => informer.byIndex('color', color).map(({ metadata }) => metadata.name);
    assert.deepEqual([names('red'), names('blue'), names('green')], [['b'], ['a'], []]);
    assert.deepEqual(informer.get('ns/a')?.data, {});
    assert.throws(() => informer.byIndex('shape', 'round'), /no index shape/);
  });

  it('survives a listener that throws', async () => {
    const { client, informer, heard } = start();
    informer.subscribe(() => {
      throw new Error('bad listener');
    });
    await informer.whenSynced();
    client.put(configMaps, map('a', '1'));
    client.put(configMaps, map('a', '2'));
    await settle();
    assert.deepEqual(heard, ['ns/a: - -> 1', 'ns/a: 1 -> 2']);
  });

  it('stop() closes the watch and delivers nothing more', async () => {
    const { client, informer, heard, clock } = start();
    await informer.whenSynced();
    await settle();
    assert.equal(client.openWatches(), 1);
    informer.stop();
    client.put(configMaps, map('a', '1'));
    await settle();
    assert.deepEqual([client.openWatches(), heard.length, clock.pending()], [0, 0, 0]);
  });

  it('ends with the same cache as a fresh list, whatever happened, and changes replay to it', async () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), name }),
      fc.record({ do: fc.constant('remove' as const), name }),
      fc.constantFrom(
        { do: 'end' as const },
        { do: 'expire' as const },
        { do: 'fail' as const },
        { do: 'settle' as const },
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const client = createFakeClient(5);
        const { informer, clock } = start(client);
        const replayed = new Map<string, string>();
        informer.subscribe(({ key, before, after }) => {
          assert.equal(replayed.get(key), before && before.metadata.uid);
          if (after) replayed.set(key, after.metadata.uid);
          else replayed.delete(key);
        });
        let count = 0;
        for (const each of steps) {
          if (each.do === 'put') client.put(configMaps, map(each.name, String(++count)));
          if (
            each.do === 'remove' &&
            client.all(configMaps).some(({ metadata }) => metadata.name === each.name)
          )
            client.remove(configMaps, `ns/${each.name}`);
          if (each.do === 'end') client.endWatches();
          if (each.do === 'expire') client.endWatches(expired());
          if (each.do === 'fail') client.failNext('list', new Error('unavailable'));
          if (each.do === 'settle') await settle();
        }
        await clock.advance(60_000);
        const wanted = client
          .all(configMaps)
          .map(({ metadata, data }) => `${metadata.name}=${data?.['value']}`);
        assert.deepEqual(values(informer), wanted.sort());
        assert.deepEqual(
          [...replayed.keys()].sort(),
          client
            .all(configMaps)
            .map(({ metadata }) => `ns/${metadata.name}`)
            .sort(),
        );
        informer.stop();
      }),
      { numRuns: 300 },
    );
  });
});
