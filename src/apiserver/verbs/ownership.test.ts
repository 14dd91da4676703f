import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  configMapKind,
  createTestRegistry,
  deploymentKind,
  testContext,
} from '../../../test/support/test-registry.ts';
import type { Deployment, ManagedFieldsEntry, Scale } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Draft } from '../kind.ts';
import { pathText } from '../managed-fields/field-path.ts';
import { pathsOf } from '../managed-fields/field-set.ts';
import type { FieldSet } from '../managed-fields/field-set.ts';

const REF = { name: 'c', namespace: 'default' };
const as = (fieldManager: string) => testContext({ fieldManager });

/** `manager: paths` of each entry. */
const owners = ({ metadata }: Stored<KubeObject>): readonly string[] =>
  (metadata.managedFields ?? []).map(
    ({ manager, fieldsV1 }) =>
      `${manager}: ${pathsOf(fieldsV1 as FieldSet)
        .map(pathText)
        .join(' ')}`,
  );

const withConfigMap = async () => {
  const { registry, clock } = await createTestRegistry();
  const body = { metadata: { name: 'c', labels: { a: 'b' } }, data: { x: '1' } };
  const made = await registry.create(configMapKind, 'default', body, as('maker'));
  const update = (managedFields: unknown, data: object) =>
    registry.update(
      configMapKind,
      REF,
      { ...made, data, metadata: { ...made.metadata, resourceVersion: '', managedFields } } as Draft,
      as('updater'),
    );
  return { registry, clock, made, update };
};

const DEPLOYMENT = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'c' } };
const CONDITION = { type: 'A', status: 'True' };

const withDeployment = async () => {
  const { registry } = await createTestRegistry();
  const body = { ...DEPLOYMENT, spec: { selector: {}, template: {} } };
  await registry.create(deploymentKind, 'default', body, as('maker'));
  return registry;
};

const ENTRY = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' };

describe('owners', () => {
  it('are recorded on create, without what the server decides', async () => {
    const { made } = await withConfigMap();
    assert.deepEqual(owners(made), ['maker: .data .data.x .metadata.labels .metadata.labels.a']);
    assert.deepEqual(
      { ...made.metadata.managedFields![0], fieldsV1: {} },
      {
        ...ENTRY,
        manager: 'maker',
        time: '2026-01-01T00:00:00Z',
        fieldsV1: {},
      },
    );
  });

  it('stay when a client sends none, or none that can be understood', async () => {
    const unreadable: readonly unknown[] = [
      undefined,
      [{ ...ENTRY, fieldsType: 'FieldsV2', fieldsV1: {} }],
      [{ ...ENTRY, fieldsV1: { 'x:a': {} } }],
      [{ ...ENTRY, fieldsV1: { 'k:{': {} } }],
      [{ ...ENTRY, operation: 'Delete', fieldsV1: {} }],
    ];
    for (const sent of unreadable) {
      const { update } = await withConfigMap();
      assert.deepEqual(
        owners(await update(sent, { x: '2' })),
        ['maker: .data .metadata.labels .metadata.labels.a', 'updater: .data.x'],
        JSON.stringify(sent),
      );
    }
  });

  it('are those that a client sends, with what it changes', async () => {
    const { update } = await withConfigMap();
    const sent = [{ ...ENTRY, fieldsV1: { 'f:data': { 'f:x': {}, 'f:y': {} } } }];
    assert.deepEqual(owners(await update(sent, { x: '1', y: '1' })), ['m: .data.x', 'updater: .data.y']);
  });

  it('are cleared by an empty list, and not found again by later updates', async () => {
    for (const empty of [[], [{}]]) {
      const { update } = await withConfigMap();
      assert.deepEqual(owners(await update(empty, { x: '2' })), []);
      assert.deepEqual(owners(await update(undefined, { x: '3' })), []);
    }
  });

  it('cannot be set through a subresource, which owns nothing but status', async () => {
    const registry = await withDeployment();
    const managedFields: readonly ManagedFieldsEntry[] = [{ ...ENTRY, fieldsV1: {} }];
    const change = { metadata: { managedFields }, spec: { replicas: 9 }, status: { replicas: 1 } };
    const patch = { type: 'application/merge-patch+json', body: change } as const;
    const after = await registry.patch(deploymentKind, REF, patch, as('controller'), 'status');
    assert.deepEqual(owners(after), ['controller: .status.replicas', 'maker: .spec.replicas .spec.selector']);
  });

  it('of a status that is applied own nothing else of the configuration', async () => {
    const registry = await withDeployment();
    const config = { ...DEPLOYMENT, spec: { replicas: 9 }, status: { replicas: 1, conditions: [CONDITION] } };
    const request = { config, isForced: false };
    const { object } = await registry.apply(deploymentKind, REF, request, as('applier'), 'status');
    assert.deepEqual(owners(object), [
      'applier: .status.conditions[type="A"] .status.conditions[type="A"].status .status.conditions[type="A"].type .status.replicas',
      'maker: .spec.replicas .spec.selector',
    ]);
    assert.equal((object as Deployment).spec?.replicas, 1);
  });

  it('of an applied scale own the replicas of the workload', async () => {
    const registry = await withDeployment();
    const scale = (replicas: number, isForced: boolean) => {
      const config = {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'c' },
        spec: { replicas },
      };
      return registry.apply(deploymentKind, REF, { config, isForced }, as('scaler'), 'scale');
    };
    await assert.rejects(scale(3, false), /conflict with "maker" using apps\/v1: \.spec\.replicas$/);
    const { object } = await scale(3, true);
    assert.equal((object as Scale).spec?.replicas, 3);
    assert.deepEqual(owners(registry.get(deploymentKind, REF)), [
      'scaler: .spec.replicas',
      'maker: .spec.selector',
    ]);
  });

  it('keep their times when nothing changes', async () => {
    const { registry, clock, made } = await withConfigMap();
    await clock.advance(5000);
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { x: '1' } };
    const request = { config, isForced: false };
    const shared = await registry.apply(configMapKind, REF, request, as('applier'));
    assert.notEqual(shared.object.metadata.resourceVersion, made.metadata.resourceVersion);
    await clock.advance(5000);
    const again = await registry.apply(configMapKind, REF, request, as('applier'));
    assert.equal(again.object, shared.object);
  });

  it('change as a patch of theirs says', async () => {
    const { registry } = await withConfigMap();
    const body = [{ op: 'replace', path: '/metadata/managedFields/0/manager', value: 'renamed' }];
    const patch = { type: 'application/json-patch+json', body } as const;
    const after = await registry.patch(configMapKind, REF, patch, as('patcher'));
    assert.deepEqual(owners(after), ['renamed: .data .data.x .metadata.labels .metadata.labels.a']);
  });
});
