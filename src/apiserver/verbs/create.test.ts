import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DEPLOYMENT, ref, statusOf, verbsOf } from '../../../test/support/registry-verbs.ts';
import {
  configMapKind,
  createTestRegistry,
  deploymentKind,
  namespaceKind,
  podKind,
  testContext,
} from '../../../test/support/test-registry.ts';
import type { Registry } from '../registry.ts';

let registry: Registry;
const { create, remove } = verbsOf(() => registry);

beforeEach(async () => {
  ({ registry } = await createTestRegistry());
});

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
