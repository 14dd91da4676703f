import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import {
  configMapKind,
  createTestRegistry,
  deploymentKind,
  namespaceKind,
  podKind,
  testContext,
  testKinds,
} from '../../test/support/test-registry.ts';
import type { DeleteRequest } from '../client/client.ts';
import { ApiError } from '../k8s/api-error.ts';
import type { ConfigMap, Deployment, Namespace, Pod, Status } from '../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Draft, Kind } from './kind.ts';
import type { Registry, RequestContext, Subresource } from './registry.ts';

type Any = Stored<KubeObject & ConfigMap & Deployment & Pod & Namespace>;

let registry: Registry;
let clock: FakeClock;

beforeEach(async () => {
  ({ registry, clock } = await createTestRegistry());
});

const ref = (name: string) => ({ namespace: 'default', name });

const create = async (
  kind: Kind,
  name: string,
  fields: object = {},
  context: Partial<RequestContext> = {},
): Promise<Any> => {
  const { metadata, ...rest } = fields as Draft;
  const object = { metadata: { name, ...metadata }, ...rest };
  return (await registry.create(kind, 'default', object, testContext(context))) as Any;
};

const update = async (kind: Kind, object: object, subresource?: Subresource): Promise<Any> => {
  const { metadata } = object as Any;
  return (await registry.update(kind, metadata, object as Draft, testContext(), subresource)) as Any;
};

const remove = (kind: Kind, name: string, request: DeleteRequest = {}) =>
  registry.delete(kind, ref(name), request, testContext());

const statusOf = async (attempt: Promise<unknown>): Promise<Status> => {
  const error: unknown = await attempt.then(
    () => assert.fail('expected a Status'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error.status;
};

const CONTAINERS = [{ name: 'c', image: 'nginx' }];
const DEPLOYMENT = { spec: { selector: { matchLabels: { app: 'web' } }, template: {} } };

describe('create', () => {
  it('adds what the server decides, and takes nothing of it from the client', async () => {
    const forged = {
      uid: 'mine',
      creationTimestamp: null,
      deletionTimestamp: '2020-01-01T00:00:00Z',
      generation: 7,
    };
    const { metadata, apiVersion, kind } = await create(deploymentKind, 'web', {
      ...DEPLOYMENT,
      metadata: forged,
    });
    assert.match(metadata.uid, /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      { ...metadata, uid: '', managedFields: undefined },
      {
        name: 'web',
        namespace: 'default',
        uid: '',
        creationTimestamp: '2026-01-01T00:00:00Z',
        generation: 1,
        resourceVersion: registry.revision(),
        managedFields: undefined,
      },
    );
    assert.deepEqual([apiVersion, kind], ['apps/v1', 'Deployment']);
  });

  it('makes up a name', async () => {
    const object = { metadata: { generateName: 'web-' } };
    const { metadata } = await registry.create(configMapKind, 'default', object, testContext());
    assert.match(metadata.name, /^web-[b-df-hj-np-tv-xz2-9]{5}$/);
  });

  it('refuses a name that is taken, also by an object that is on its way out', async () => {
    await create(configMapKind, 'a', { metadata: { finalizers: ['example.org/x'] } });
    assert.deepEqual(await statusOf(create(configMapKind, 'a')), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "a" already exists',
      reason: 'AlreadyExists',
      details: { name: 'a', kind: 'configmaps' },
      code: 409,
    });
    await remove(configMapKind, 'a');
    const { message } = await statusOf(create(configMapKind, 'a'));
    assert.equal(message, 'object is being deleted: configmaps "a" already exists');
  });

  it('gives all findings, metadata first', async () => {
    const { code, reason, message, details } = await statusOf(
      create(deploymentKind, 'A_', { metadata: { labels: { app: '-' } }, spec: { replicas: -1 } }),
    );
    assert.deepEqual([code, reason, details?.kind, details?.group], [422, 'Invalid', 'Deployment', 'apps']);
    assert.match(
      message!,
      /^Deployment\.apps "A_" is invalid: \[metadata\.name: Invalid value: "A_": a lowercase RFC 1123 subdomain must .*, metadata\.labels: Invalid value: "-": .*, spec\.replicas: Invalid value: -1: must be greater than or equal to 0\]$/,
    );
    assert.deepEqual(
      details?.causes?.map(({ reason: type, field }) => `${type} ${field}`),
      ['metadata.name', 'metadata.labels', 'spec.replicas'].map((field) => `FieldValueInvalid ${field}`),
    );
  });

  it('writes a single finding without brackets', async () => {
    const { message } = await statusOf(create(deploymentKind, 'd', { spec: { replicas: -1 } }));
    assert.equal(
      message,
      'Deployment.apps "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  it('refuses, warns of or ignores unknown fields as asked', async () => {
    const body = { spec: { containers: [{ name: 'c', imagee: 'x' }] } };
    const unknown = 'unknown field "spec.containers[0].imagee"';
    const { reason, message } = await statusOf(create(podKind, 'p', body));
    assert.equal(reason, 'BadRequest');
    assert.equal(
      message,
      `Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${unknown}`,
    );
    const warnings: string[] = [];
    const warn = (text: string): void => void warnings.push(text);
    const stored = await create(podKind, 'p', body, { fieldValidation: 'Warn', warn });
    assert.deepEqual(stored.spec?.containers, [{ name: 'c' }]);
    await create(podKind, 'q', body, { fieldValidation: 'Ignore', warn });
    assert.deepEqual(warnings, [unknown]);
  });

  it('needs a namespace that is there, stays, and is the one of the request', async () => {
    const inNamespace = (namespace: string, metadata: object = {}) =>
      statusOf(
        registry.create(configMapKind, namespace, { metadata: { name: 'a', ...metadata } }, testContext()),
      );
    assert.equal((await inNamespace('nowhere')).message, 'namespaces "nowhere" not found');
    assert.equal(
      (await inNamespace('default', { namespace: 'other' })).message,
      'the namespace of the provided object does not match the namespace sent on the request',
    );
    await create(namespaceKind, 'going');
    await remove(namespaceKind, 'going');
    const { code, message, details } = await inNamespace('going');
    assert.equal(code, 403);
    assert.equal(
      message,
      'configmaps "a" is forbidden: unable to create new content in namespace going because it is being terminated',
    );
    assert.deepEqual(details?.causes, [
      {
        reason: 'NamespaceTerminating',
        message: 'namespace going is being terminated',
        field: 'metadata.namespace',
      },
    ]);
  });

  it('a dry run answers as if, and stores nothing', async () => {
    const revision = registry.revision();
    const { metadata } = await create(configMapKind, 'a', {}, { dryRun: true });
    assert.ok(metadata.uid);
    assert.equal(registry.revision(), revision);
    assert.throws(() => registry.get(configMapKind, ref('a')), /configmaps "a" not found/);
  });
});

describe('update', () => {
  it('conflicts when the object has changed, and does not when no version is named', async () => {
    const first = await create(configMapKind, 'a', { data: { x: '1' } });
    const second = await update(configMapKind, { ...first, data: { x: '2' } });
    const { code, message } = await statusOf(update(configMapKind, { ...first, data: { x: '3' } }));
    assert.equal(code, 409);
    assert.equal(
      message,
      'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
    );
    for (const resourceVersion of ['', '0']) {
      const metadata = { ...second.metadata, resourceVersion };
      const data = { x: `unconditional ${resourceVersion}` };
      assert.deepEqual((await update(configMapKind, { metadata, data })).data, data);
    }
  });

  it('is no write when nothing changes', async () => {
    const object = await create(configMapKind, 'a', { data: { x: '1' } });
    assert.equal(await update(configMapKind, { ...object, data: { x: '1' } }), object);
    assert.equal(registry.revision(), object.metadata.resourceVersion);
  });

  it('counts a generation only when the spec changes', async () => {
    const made = await create(deploymentKind, 'd', DEPLOYMENT);
    const labelled = await update(deploymentKind, {
      ...made,
      metadata: { ...made.metadata, labels: { a: 'b' }, generation: 9 },
    });
    assert.equal(labelled.metadata.generation, 1);
    const scaled = await update(deploymentKind, { ...labelled, spec: { ...labelled.spec, replicas: 2 } });
    assert.equal(scaled.metadata.generation, 2);
  });

  it('keeps spec and status apart', async () => {
    const made = await create(deploymentKind, 'd', DEPLOYMENT);
    const reported = await update(
      deploymentKind,
      { ...made, spec: { ...made.spec, replicas: 7 }, status: { replicas: 1 } },
      'status',
    );
    assert.deepEqual([reported.spec?.replicas, reported.status], [1, { replicas: 1 }]);
    const scaled = await update(deploymentKind, {
      ...reported,
      spec: { ...made.spec, replicas: 7 },
      status: {},
    });
    assert.deepEqual([scaled.spec?.replicas, scaled.status], [7, { replicas: 1 }]);
    assert.deepEqual([reported.metadata.generation, scaled.metadata.generation], [1, 2]);
  });

  it('refuses another name than the URL has, another uid, new finalizers on a dying object', async () => {
    const object = await create(configMapKind, 'a', { metadata: { finalizers: ['example.org/x'] } });
    const put = (metadata: object) =>
      statusOf(
        registry.update(
          configMapKind,
          ref('a'),
          { ...(object as Draft), metadata: { ...object.metadata, ...metadata } },
          testContext(),
        ),
      );
    assert.equal(
      (await put({ name: 'b' })).message,
      'the name of the object (b) does not match the name on the URL (a)',
    );
    assert.match(
      (await put({ uid: 'x' })).message!,
      /Precondition failed: UID in precondition: x, UID in object/,
    );
    await remove(configMapKind, 'a');
    assert.equal(
      (await put({ resourceVersion: '', finalizers: ['example.org/x', 'example.org/y'] })).message,
      'ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.org/y"}',
    );
  });
});

describe('patch', () => {
  const patch = (body: unknown, type: 'merge' | 'json' | 'strategic-merge' = 'merge') =>
    registry.patch(
      podKind,
      ref('p'),
      { type: `application/${type}-patch+json`, body },
      testContext(),
    ) as Promise<Any>;

  beforeEach(() => create(podKind, 'p', { spec: { containers: CONTAINERS } }));

  it('changes the object as it is now; a version in the patch makes it conditional', async () => {
    const { metadata } = await patch({ metadata: { labels: { a: 'b' } } });
    assert.deepEqual(metadata.labels, { a: 'b' });
    const { reason } = await statusOf(patch({ metadata: { resourceVersion: '1', labels: null } }));
    assert.equal(reason, 'Conflict');
  });

  it('merges lists by the schema when it is strategic', async () => {
    const added = { spec: { containers: [{ name: 'side', image: 'busybox' }] } };
    const { spec } = await patch(added, 'strategic-merge');
    assert.deepEqual(
      spec?.containers.map(({ name }) => name),
      ['side', 'c'],
    );
  });

  it('refuses what it does not know and what does not apply', async () => {
    assert.equal(
      (await statusOf(patch({ spec: { no: 1 } }, 'strategic-merge'))).message,
      ' "" is invalid: patch: Invalid value: "map[spec:map[no:1]]": strict decoding error: unknown field "spec.no"',
    );
    const { code, reason } = await statusOf(patch([{ op: 'test', path: '/kind', value: 'x' }], 'json'));
    assert.deepEqual([code, reason], [422, 'Invalid']);
  });
});

describe('allocations', () => {
  it('are taken for good by a write, and given back when it fails or is a dry run', async () => {
    const calls: string[] = [];
    const allocate: Kind['allocate'] = () => ({
      ok: true,
      commit: () => void calls.push('commit'),
      rollback: () => void calls.push('rollback'),
    });
    const kind: Kind = { ...configMapKind, allocate };
    ({ registry } = await createTestRegistry({ kinds: [namespaceKind, kind] }));
    await create(kind, 'a');
    await statusOf(create(kind, 'a'));
    await create(kind, 'b', {}, { dryRun: true });
    assert.deepEqual(calls, ['commit', 'rollback', 'rollback']);
  });

  it('that cannot be had make the object invalid', async () => {
    const errors = [
      { type: 'FieldValueInvalid', field: 'data.ip', message: 'Invalid value: "x": is taken' },
    ] as const;
    const kind: Kind = { ...configMapKind, allocate: () => ({ ok: false, errors }) };
    const { message } = await statusOf(create(kind, 'a'));
    assert.equal(message, 'ConfigMap "a" is invalid: data.ip: Invalid value: "x": is taken');
  });
});

describe('delete', () => {
  it('a plain object is gone, its allocations given back', async () => {
    const released: string[] = [];
    const kind: Kind = {
      ...configMapKind,
      allocate: (draft, before) => ({
        ok: true,
        commit: () => void (draft ?? released.push(before!.metadata!.name!)),
        rollback: () => {},
      }),
    };
    ({ registry } = await createTestRegistry({ kinds: [...testKinds, kind] }));
    await create(kind, 'a');
    assert.equal((await remove(kind, 'a')).gone, true);
    assert.deepEqual(released, ['a']);
    assert.equal((await statusOf(remove(kind, 'a'))).message, 'configmaps "a" not found');
  });

  it('waits for finalizers, and the update that takes the last one ends it', async () => {
    await create(configMapKind, 'a', { metadata: { finalizers: ['example.org/x'] } });
    const { object, gone } = await remove(configMapKind, 'a');
    assert.equal(gone, false);
    assert.equal(object.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
    await update(configMapKind, { ...object, metadata: { ...object.metadata, finalizers: [] } });
    assert.throws(() => registry.get(configMapKind, ref('a')), /not found/);
  });

  it('gives a pod its grace period, which can only become shorter', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS, nodeName: 'n' } });
    const marks = async (request: DeleteRequest): Promise<string> => {
      const { metadata } = (await remove(podKind, 'p', request)).object;
      return `${metadata.deletionTimestamp} ${metadata.deletionGracePeriodSeconds} ${metadata.generation}`;
    };
    assert.equal(await marks({}), '2026-01-01T00:00:30Z 30 2');
    assert.equal(await marks({ gracePeriodSeconds: 60 }), '2026-01-01T00:00:30Z 30 2');
    assert.equal(await marks({ gracePeriodSeconds: 10 }), '2026-01-01T00:00:10Z 10 2');
    await clock.advance(20_000);
    assert.equal(await marks({ gracePeriodSeconds: 5 }), '2026-01-01T00:00:20Z 1 2');
    assert.equal((await remove(podKind, 'p', { gracePeriodSeconds: 0 })).gone, true);
  });

  it('a pod without a node goes at once', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS } });
    assert.equal((await remove(podKind, 'p')).gone, true);
  });

  it('leaves the finalizer that the garbage collector works by', async () => {
    for (const [propagationPolicy, finalizer] of [
      ['Orphan', 'orphan'],
      ['Foreground', 'foregroundDeletion'],
    ] as const) {
      await create(deploymentKind, finalizer.toLowerCase(), DEPLOYMENT);
      const { object } = await remove(deploymentKind, finalizer.toLowerCase(), { propagationPolicy });
      assert.deepEqual(object.metadata.finalizers, [finalizer]);
      const { gone } = await remove(deploymentKind, finalizer.toLowerCase(), {
        propagationPolicy: 'Background',
      });
      assert.equal(gone, true);
    }
  });

  it('holds to its preconditions', async () => {
    const { metadata } = await create(configMapKind, 'a');
    const { code, message } = await statusOf(remove(configMapKind, 'a', { uid: 'x' }));
    assert.equal(code, 409);
    assert.match(message!, /the UID in the precondition \(x\) does not match the UID in record/);
    await statusOf(remove(configMapKind, 'a', { resourceVersion: '1' }));
    const { uid, resourceVersion } = metadata;
    assert.equal((await remove(configMapKind, 'a', { uid, resourceVersion })).gone, true);
  });

  it('a namespace stays until it is finalized; some stay for ever', async () => {
    await create(namespaceKind, 'n');
    const { object, gone } = await remove(namespaceKind, 'n');
    assert.deepEqual([gone, (object as Any).status?.phase], [false, 'Terminating']);
    await registry.createSubresource(
      namespaceKind,
      { name: 'n' },
      'finalize',
      { metadata: { name: 'n' }, spec: { finalizers: [] } },
      testContext(),
    );
    assert.throws(() => registry.get(namespaceKind, { name: 'n' }), /namespaces "n" not found/);
    assert.equal(
      (await statusOf(remove(namespaceKind, 'default'))).message,
      'namespaces "default" is forbidden: this namespace may not be deleted',
    );
  });

  it('deleteCollection takes what the selection selects', async () => {
    for (const [name, app] of [
      ['a', 'x'],
      ['b', 'y'],
      ['c', 'x'],
    ] as const)
      await create(configMapKind, name, { metadata: { labels: { app } } });
    const selection = { namespace: 'default', labelSelector: 'app=x' };
    await registry.deleteCollection(configMapKind, selection, {}, testContext());
    assert.deepEqual(
      registry.list(configMapKind, {}).items.map(({ metadata }) => metadata.name),
      ['b'],
    );
  });
});

describe('expiry', () => {
  it('removes what has outlived its time', async () => {
    const expiresMs = ({ metadata }: KubeObject): number =>
      Date.parse(metadata!.creationTimestamp!) + 3_600_000;
    const kind = { ...configMapKind, expiresMs };
    ({ registry, clock } = await createTestRegistry({ kinds: [namespaceKind, kind] }));
    await create(kind, 'old');
    await clock.advance(3_000_000);
    await create(kind, 'new');
    await clock.advance(660_000);
    assert.deepEqual(
      registry.list(kind, {}).items.map(({ metadata }) => metadata.name),
      ['new'],
    );
  });
});

describe('subresources', () => {
  it('scale reads and writes a Scale', async () => {
    const made = await create(deploymentKind, 'd', DEPLOYMENT);
    const { creationTimestamp, uid } = made.metadata;
    const scale = {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: {
        name: 'd',
        namespace: 'default',
        uid,
        resourceVersion: made.metadata.resourceVersion,
        creationTimestamp,
      },
      spec: { replicas: 1 },
      status: { replicas: 0, selector: 'app=web' },
    };
    assert.deepEqual(registry.get(deploymentKind, ref('d'), 'scale'), scale);
    await update(deploymentKind, { ...scale, spec: { replicas: 3 } }, 'scale');
    assert.equal((registry.get(deploymentKind, ref('d')) as Any).spec?.replicas, 3);
    assert.equal((await statusOf(update(deploymentKind, scale, 'scale'))).reason, 'Conflict');
    assert.equal(
      (await statusOf(update(deploymentKind, { ...scale, spec: { replicas: -1 } }, 'scale'))).message,
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
  });

  it('binding gives a pod its node once', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS } });
    const bind = (name: string) =>
      registry.createSubresource(
        podKind,
        ref('p'),
        'binding',
        { target: { kind: 'Node', name } },
        testContext(),
      );
    await bind('n1');
    const { spec, status } = registry.get(podKind, ref('p')) as Any;
    assert.equal(spec?.nodeName, 'n1');
    assert.deepEqual(status?.conditions, [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]);
    assert.match((await statusOf(bind('n2'))).message!, /pod p is already assigned to node "n1"$/);
  });

  it('eviction deletes; an unknown one is not allowed', async () => {
    await create(podKind, 'p', { spec: { containers: CONTAINERS } });
    const post = (subresource: string) =>
      registry.createSubresource(podKind, ref('p'), subresource, { metadata: { name: 'p' } }, testContext());
    assert.equal((await statusOf(post('nonsense'))).code, 405);
    await post('eviction');
    assert.throws(() => registry.get(podKind, ref('p')), /not found/);
  });
});
