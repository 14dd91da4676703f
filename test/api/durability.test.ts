// An API server with a state folder: what it has acknowledged is there after kill -9, and what clients knew of it is not
// used for anything else.
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { HttpClient } from '../../src/client/http-client.ts';
import { ApiError } from '../../src/k8s/api-error.ts';
import type { ConfigMap } from '../../src/k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import {
  configMaps,
  customResourceDefinitions,
  ipAddresses,
  namespaces,
  services,
} from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import {
  type TestServerKeys,
  connectToTestServer,
  createTestServerKeys,
} from '../support/test-api-server.ts';
import { raw } from '../support/raw-https.ts';

const AGENT = join(import.meta.dirname, '../support/state-server-agent.ts');

type Running = { readonly child: ChildProcess; readonly port: number; readonly client: HttpClient };

let keys: TestServerKeys;
let root: string;
const running = new Set<Running>();
before(async () => {
  keys = await createTestServerKeys(await createAuthority('test-ca'));
  root = mkdtempSync(join(tmpdir(), 'podnet-durability-'));
});
after(() => rmSync(root, { recursive: true, force: true }));
afterEach(async () => {
  await Promise.all([...running].map(kill));
});

const start = async (folder: string): Promise<Running> => {
  const child = fork(AGENT, { serialization: 'advanced' });
  child.send({ folder: join(root, folder), keys });
  const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
  const server = { child, port, client: connectToTestServer(port, keys) };
  running.add(server);
  return server;
};
const end =
  (signal: NodeJS.Signals) =>
  async (server: Running): Promise<void> => {
    running.delete(server);
    const ended = once(server.child, 'exit');
    server.child.kill(signal);
    await ended;
    server.client.close();
  };
const [kill, stop] = [end('SIGKILL'), end('SIGTERM')];

const ref = (name: string) => ({ name, namespace: 'default' });
const configMap = (name: string, value: string): ConfigMap => ({ metadata: ref(name), data: { value } });

describe('an API server with a state folder', () => {
  it('has every acknowledged write after kill -9 at any moment, and none by half', async () => {
    let server = await start('killed');
    await server.client.create(namespaces, { metadata: { name: 'default' } });
    const acknowledged = new Map<string, string | undefined>(); // undefined: deleted
    const uncertain = new Set<string>(); // the server died before it answered
    let newest = 0;
    for (let round = 0; round < 6; round++) {
      const writers = Array.from({ length: 8 }, (_, index) => write(server, `${round}-${index}`));
      await atRandom();
      await kill(server);
      await Promise.all(writers);
      server = await start('killed');
      await check();
    }

    async function write({ client }: Running, writer: string): Promise<void> {
      for (let index = 0; ; index++) {
        const name = `w-${writer}-${index % 20}`;
        uncertain.add(name);
        try {
          const value = await change(client, name, `${writer}-${index}`);
          acknowledged.set(name, value);
          uncertain.delete(name);
        } catch (error) {
          assert.ok(!(error instanceof ApiError), `refused: ${error}`);
          return;
        }
      }
    }

    async function change(client: HttpClient, name: string, value: string): Promise<string | undefined> {
      const present = acknowledged.get(name);
      if (present === undefined) note(await client.create(configMaps, configMap(name, value)));
      else if (value.endsWith('7')) {
        await client.delete(configMaps, ref(name));
        return undefined;
      } else note(await client.update(configMaps, configMap(name, value)));
      return value;
    }

    function note({ metadata }: Stored<ConfigMap>): void {
      newest = Math.max(newest, Number(metadata.resourceVersion));
    }

    async function check(): Promise<void> {
      const { items, resourceVersion } = await server.client.list(configMaps, { namespace: 'default' });
      assert.ok(Number(resourceVersion) >= newest, 'revisions go on');
      const found = new Map(items.map(({ metadata, data }) => [metadata.name, data!['value']]));
      for (const [name, value] of acknowledged)
        if (!uncertain.has(name)) assert.equal(found.get(name), value, `${name} is as it was acknowledged`);
      for (const name of uncertain) acknowledged.set(name, found.get(name));
      uncertain.clear();
      for (const name of found.keys()) assert.ok(acknowledged.has(name), `${name} was written by someone`);
    }

    /** After some hundred acknowledged writes. */
    async function atRandom(): Promise<void> {
      const enough = newest + 100 + Math.floor(Math.random() * 300);
      while (newest < enough) await new Promise(setImmediate);
    }
  });

  it('goes on with its revisions, and sends watchers of old ones to list again', async () => {
    const first = await start('revisions');
    await first.client.create(namespaces, { metadata: { name: 'default' } });
    const a = await first.client.create(configMaps, configMap('a', '1'));
    const b = await first.client.create(configMaps, configMap('b', '1'));
    await first.client.delete(configMaps, ref('b'));
    await kill(first);
    const second = await start('revisions');
    const { items, resourceVersion } = await second.client.list(configMaps, { namespace: 'default' });
    assert.deepEqual(items[0], a, 'the object is the same, uid and resourceVersion included');
    assert.ok(Number(resourceVersion) > Number(b.metadata.resourceVersion), 'also of a deletion');
    const watched = async (since: string): Promise<string> => {
      const signal = new AbortController();
      for await (const event of second.client.watch(configMaps, {
        resourceVersion: since,
        signal: signal.signal,
      })) {
        signal.abort();
        return event.type;
      }
      return 'nothing';
    };
    await assert.rejects(watched(a.metadata.resourceVersion), { code: 410, reason: 'Expired' });
    const next = watched(resourceVersion);
    const c = await second.client.create(configMaps, configMap('c', '1'));
    assert.ok(Number(c.metadata.resourceVersion) > Number(resourceVersion));
    assert.equal(await next, 'ADDED');
  });

  it('answers the token of a page from before with 410 and one that goes on, as the objects are now', async () => {
    const first = await start('pages');
    await first.client.create(namespaces, { metadata: { name: 'default' } });
    for (const name of ['a', 'b', 'c', 'd', 'e']) await first.client.create(configMaps, configMap(name, '1'));
    const page = await pageOf(first, 'limit=2');
    assert.deepEqual(namesOf(page), ['a', 'b']);
    await first.client.delete(configMaps, ref('c'));
    await kill(first);

    const second = await start('pages');
    const expired = await pageOf(second, `limit=2&continue=${page.metadata.continue}`);
    assert.deepEqual([expired.kind, expired.reason, expired.code], ['Status', 'Expired', 410]);
    assert.match(expired.message ?? '', /^The provided continue parameter is too old/);
    await second.client.create(configMaps, configMap('f', '1'));
    const next = await pageOf(second, `limit=2&continue=${expired.metadata.continue}`);
    assert.deepEqual(namesOf(next), ['d', 'e']);
    assert.ok(Number(next.metadata.resourceVersion) > Number(page.metadata.resourceVersion));
    const last = await pageOf(second, `limit=2&continue=${next.metadata.continue}`);
    assert.deepEqual([namesOf(last), last.metadata.continue], [['f'], undefined]);
  });

  type Page = {
    readonly kind: string;
    readonly metadata: { readonly continue?: string; readonly resourceVersion?: string };
    readonly items?: readonly Stored<ConfigMap>[];
    /** Of a Status. */
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
  };

  const namesOf = ({ items }: Page): readonly string[] => (items ?? []).map(({ metadata }) => metadata.name);

  const pageOf = async ({ port }: Running, query: string): Promise<Page> => {
    const path = `/api/v1/namespaces/default/configmaps?${query}`;
    return JSON.parse(String((await raw({ port, identity: keys.admin, path })).body)) as Page;
  };

  it('keeps cluster IPs and node ports, and never gives them to others', async () => {
    const service = (name: string) => ({
      metadata: ref(name),
      spec: { type: 'NodePort', ports: [{ port: 80 }] },
    });
    const first = await start('services');
    await first.client.create(namespaces, { metadata: { name: 'default' } });
    const before = await first.client.create(services, service('before'));
    await kill(first);
    const second = await start('services');
    assert.deepEqual((await second.client.get(services, ref('before'))).spec, before.spec);
    const taken = {
      ...service('thief'),
      spec: { ...service('thief').spec, clusterIP: before.spec!.clusterIP! },
    };
    await assert.rejects(second.client.create(services, taken), { code: 422 });
    const nodePort = before.spec!.ports![0]!.nodePort!;
    const port = { ...service('thief'), spec: { type: 'NodePort', ports: [{ port: 80, nodePort }] } };
    await assert.rejects(second.client.create(services, port), { message: /already allocated/ });
    const addresses = await second.client.list(ipAddresses);
    assert.deepEqual(
      addresses.items.map(({ metadata }) => metadata.name).sort(),
      [...before.spec!.clusterIPs!].sort(),
    );
  });

  it('serves custom resources again, of definitions that were there, and goes on with deleting them', async () => {
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const spec = {
      group: 'example.com',
      scope: 'Namespaced' as const,
      names: { plural: 'foos', kind: 'Foo' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    };
    const foos: Resource<KubeObject> = { ...configMaps, group: 'example.com', resource: 'foos', kind: 'Foo' };
    const first = await start('custom');
    await first.client.create(namespaces, { metadata: { name: 'default' } });
    await first.client.create(customResourceDefinitions, { metadata: { name: 'foos.example.com' }, spec });
    const finalizers = ['example.com/slow'];
    const foo = await first.client.create(foos, { metadata: { ...ref('f'), finalizers } });
    await kill(first);
    const second = await start('custom');
    assert.deepEqual(await second.client.get(foos, ref('f')), foo);
    await second.client.delete(customResourceDefinitions, { name: 'foos.example.com' });
    await kill(second);
    const third = await start('custom');
    const { metadata } = await third.client.get(foos, ref('f'));
    assert.ok(metadata.deletionTimestamp);
    await third.client.update(foos, { metadata: { ...ref('f'), resourceVersion: metadata.resourceVersion } });
    await assert.rejects(third.client.get(customResourceDefinitions, { name: 'foos.example.com' }), {
      code: 404,
    });
  });

  it('stops in order, and leaves one file', async () => {
    const first = await start('stopped');
    await first.client.create(namespaces, { metadata: { name: 'default' } });
    await stop(first);
    const second = await start('stopped');
    assert.equal((await second.client.get(namespaces, { name: 'default' })).metadata.name, 'default');
  });
});
