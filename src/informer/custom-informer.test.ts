// Against the real verbs and definitions of the API server, in process.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { settle } from '../../test/support/fake-clock.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { createTestRegistry, testContext, testKinds } from '../../test/support/test-registry.ts';
import { customResourceDefinitionKind } from '../apiserver/custom/definition/definition-kind.ts';
import { createInProcessClient } from '../apiserver/in-process-client.ts';
import type { Registry } from '../apiserver/registry.ts';
import type { ApiClient } from '../client/client.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { KubeObject } from '../k8s/objects.ts';
import { customResourceDefinitions } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import type { Log } from '../lang/log.ts';
import { startCustomInformer } from './custom-informer.ts';
import type { Informer } from './informer.ts';

const inVersion = (version: string): Resource => ({
  group: 'example.com',
  version,
  resource: 'foos',
  kind: 'Foo',
  namespaced: false,
});
const [V2, V1] = [inVersion('v2'), inVersion('v1')];

const version = (name: string, more: object = {}): object => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  ...more,
});

describe('startCustomInformer()', () => {
  let registry: Registry;
  let clock: FakeClock;
  let client: ApiClient;
  let informer: Informer<KubeObject> | undefined;
  let warnings: unknown[];
  let heard: string[];

  beforeEach(async () => {
    ({ registry, clock } = await createTestRegistry({ kinds: [...testKinds, customResourceDefinitionKind] }));
    client = createInProcessClient(registry, { name: 'test', groups: [] });
    warnings = [];
    heard = [];
  });
  afterEach(() => informer?.stop());

  const define = (...versions: readonly object[]) =>
    registry.create(
      customResourceDefinitionKind,
      undefined,
      {
        metadata: { name: 'foos.example.com' },
        spec: {
          group: 'example.com',
          scope: 'Cluster',
          names: { plural: 'foos', kind: 'Foo' },
          versions: [...versions],
        },
      },
      testContext(),
    );
  const redefine = (...versions: readonly object[]) =>
    registry.patch(
      customResourceDefinitionKind,
      { name: 'foos.example.com' },
      { type: 'application/merge-patch+json', body: { spec: { versions } } },
      testContext(),
    );
  const undefine = () => client.delete(customResourceDefinitions, { name: 'foos.example.com' });
  const create = (name: string, resource = V1) => client.create(resource, { metadata: { name } });

  /** What it warns of ends up in `warnings`. */
  const start = (): Informer<KubeObject> => {
    const log: Log = { ...silentLog, warn: (...said) => void warnings.push(said) };
    informer = startCustomInformer({ client, resources: [V2, V1], clock, log });
    informer.subscribe(({ key, after }) =>
      heard.push(after ? `${key} ${after.apiVersion}` : `${key} is gone`),
    );
    return informer;
  };
  /** The time after which a list that failed is tried again, many times. */
  const wait = () => clock.advance(5_000);

  it('is synced and empty while there is no such kind, and says nothing of it', async () => {
    const { hasSynced, list } = start();
    assert.equal(hasSynced(), false);
    await settle();
    assert.deepEqual([hasSynced(), list()], [true, []]);
    await wait();
    assert.deepEqual(warnings, []);
  });

  it('is synced with the objects where the kind is there from the start', async () => {
    await define(version('v1'));
    await create('a');
    const { whenSynced, get } = start();
    await whenSynced();
    assert.ok(get('a'));
  });

  it('begins when the definition is established, and follows', async () => {
    start();
    await settle();
    await define(version('v1'));
    await create('a');
    await settle();
    await create('b');
    await client.delete(V1, { name: 'a' });
    await settle();
    assert.deepEqual(heard, ['a example.com/v1', 'b example.com/v1', 'a is gone']);
    assert.deepEqual(warnings, []);
  });

  it('is empty when the definition goes, without a warning, and begins again with a new one', async () => {
    await define(version('v1'));
    await create('a');
    const { whenSynced, list, hasSynced } = start();
    await whenSynced();
    await undefine();
    await wait();
    assert.deepEqual([hasSynced(), list()], [true, []]);
    await define(version('v1'));
    await create('b');
    await wait();
    assert.deepEqual(heard, ['a example.com/v1', 'a is gone', 'b example.com/v1']);
    assert.deepEqual(warnings, []);
  });

  it('asks in the first version of its list that is served, and nobody hears of a change of versions', async () => {
    await define(version('v1'), version('v3', { storage: false }));
    await create('a');
    const { whenSynced, get } = start();
    await whenSynced();
    assert.equal(get('a')?.apiVersion, 'example.com/v1');
    await redefine(version('v1'), version('v2', { storage: false }));
    await wait();
    await create('b', V2);
    await wait();
    assert.deepEqual(heard, ['a example.com/v1', 'b example.com/v2']);
    await redefine(version('v1', { served: false }), version('v2', { served: false, storage: false }));
    await wait();
    assert.deepEqual(heard.slice(2), ['a is gone', 'b is gone']);
  });

  it('keeps what it has while the API server cannot be reached, and warns of that', async () => {
    await define(version('v1'));
    await create('a');
    const { list: listFoos } = client;
    let isAway = false;
    client = {
      ...client,
      list: (resource, options) =>
        isAway
          ? Promise.reject(new ApiError(failure(503, 'ServiceUnavailable', 'away')))
          : listFoos(resource, options),
      watch: () => {
        throw new ApiError(failure(410, 'Expired', 'too old'));
      },
    };
    const { whenSynced, list } = start();
    await whenSynced();
    isAway = true;
    await wait();
    assert.equal(list().length, 1);
    assert.ok(warnings.length > 0);
  });
});
