// Whatever a client sends, it gets a stored object or a Status, and what is stored is what the next update starts from.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeClock } from '../../test/support/fake-clock.ts';
import { testContext } from '../../test/support/test-registry.ts';
import { ApiError } from '../k8s/api-error.ts';
import type { ObjectRef } from '../client/client.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { apiVersionOf } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { createRegistry } from './create-registry.ts';
import type { Draft, Kind } from './kind.ts';
import { createKinds } from './kinds/kinds.ts';
import { mergePatch } from './patch/merge-patch.ts';
import type { Registry } from './registry.ts';
import { createSchemas, loadDefinitions } from './schema/schema.ts';
import type { SchemaNode } from './schema/schema.ts';

const DEPTH_MAX = 6;

const SCALARS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  any: fc.constantFrom<unknown>({}, 'x', null),
  boolean: fc.boolean(),
  bytes: fc.constantFrom('', 'dw=='),
  int32: fc.constantFrom(0, 1, 80, -1, 65536, 2 ** 31 - 1),
  int64: fc.constantFrom(0, 1, 30, -1),
  intOrString: fc.constantFrom<unknown>(80, 'http', '25%', '', -1),
  microTime: fc.constant('2026-01-01T00:00:00.000000Z'),
  number: fc.constant(1),
  quantity: fc.constantFrom('1', '500m', '1Gi', '-1', '0.0001'),
  string: fc.constantFrom(
    '',
    'a',
    'web',
    'TCP',
    'ClusterIP',
    'NodePort',
    'None',
    '10.96.0.9',
    'IPv6',
    '%',
    'a/b',
  ),
  time: fc.constant('2026-01-01T00:00:00Z'),
};

/** Values that fit the schema, few fields at a time, with a null or a stranger among them now and then. */
const valueOf = (node: SchemaNode, depth = 0): fc.Arbitrary<unknown> => {
  if (node.kind === 'objectOrBoolean') return fc.oneof(fc.boolean(), valueOf(node.object, depth + 1));
  if (node.kind !== 'object' && node.kind !== 'map' && node.kind !== 'list') return SCALARS[node.kind]!;
  if (depth > DEPTH_MAX) return fc.constant(node.kind === 'list' ? [] : {});
  if (node.kind === 'list') return fc.array(valueOf(node.items, depth + 1), { maxLength: 2 });
  if (node.kind === 'map')
    return fc.dictionary(fc.constantFrom('a', 'b/c', '', '__proto__'), valueOf(node.values, depth + 1), {
      maxKeys: 2,
    });
  const names = [...node.fields.keys()];
  return fc
    .subarray(names, { maxLength: Math.min(names.length, 5) })
    .chain((chosen) =>
      fc.record(
        Object.fromEntries(chosen.map((name) => [name, memberOf(node.fields.get(name)!.node, depth)])),
      ),
    );
};

const memberOf = (node: SchemaNode, depth: number): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 20, arbitrary: valueOf(node, depth + 1) },
    { weight: 1, arbitrary: fc.constantFrom(null, 7) },
  );

const kinds = createKinds({
  serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
  nodePortRange: { first: 30000, last: 32767 },
});
const schemas = createSchemas(loadDefinitions());

const CONTAINERS = { containers: [{ name: 'c', image: 'nginx' }] };
const WORKLOAD = {
  selector: { matchLabels: { app: 'web' } },
  template: { metadata: { labels: { app: 'web' } }, spec: CONTAINERS },
};

const ENDING = { spec: { ...CONTAINERS, restartPolicy: 'Never' } };

/** What a body is laid over, so that many of them get past the first checks. */
const BASES: Readonly<Record<string, object>> = {
  Pod: { spec: CONTAINERS },
  Deployment: { spec: WORKLOAD },
  ReplicaSet: { spec: WORKLOAD },
  StatefulSet: { spec: WORKLOAD },
  DaemonSet: { spec: WORKLOAD },
  ReplicationController: { spec: { template: WORKLOAD.template } },
  Job: { spec: { template: ENDING } },
  CronJob: { spec: { schedule: '@daily', jobTemplate: { spec: { template: ENDING } } } },
  PersistentVolumeClaim: {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  Ingress: { spec: { defaultBackend: { service: { name: 's', port: { number: 80 } } } } },
  CSIDriver: { spec: {} },
  Service: { spec: { ports: [{ port: 80 }] } },
  EndpointSlice: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }] },
  Event: { involvedObject: { namespace: 'default', name: 'a', kind: 'Pod' } },
};

const emptyCluster = async (): Promise<Registry> => {
  const registry = createRegistry({ kinds, clock: createFakeClock(), log: silentLog });
  const find = (name: string): Kind => kinds.find(({ resource }) => resource.kind === name)!;
  await registry.create(find('Namespace'), undefined, { metadata: { name: 'default' } }, testContext());
  await registry.create(find('ServiceAccount'), 'default', { metadata: { name: 'default' } }, testContext());
  return registry;
};

const answerTo = async <T>(attempt: Promise<T>): Promise<T | undefined> => {
  try {
    return await attempt;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    assert.ok(error.code >= 400 && error.code < 500, error.message);
    return undefined;
  }
};

const named = (kind: Kind, name: string, body: unknown): Draft => {
  const { apiVersion: _v, kind: _k, metadata: _m, ...rest } = body as Draft;
  const merged = mergePatch(BASES[kind.resource.kind], rest) as Draft;
  return { ...merged, metadata: { name } };
};

/** The life of an object that was created; also its row must be printed whatever is in it. */
const live = async (registry: Registry, kind: Kind, made: Stored<KubeObject>, next: Draft): Promise<void> => {
  const ref = { name: made.metadata.name, namespace: made.metadata.namespace };
  const again = await answerTo(registry.update(kind, ref, made as Draft, CONTEXT));
  if (again) assert.equal(again, made, 'an update with what is stored changes nothing');
  await answerTo(registry.update(kind, ref, next, CONTEXT));
  const patch = { type: 'application/strategic-merge-patch+json', body: next } as const;
  await answerTo(registry.patch(kind, ref, patch, CONTEXT));
  if (kind.subresources.includes('status'))
    await answerTo(registry.patch(kind, ref, patch, CONTEXT, 'status'));
  await applied(registry, kind, ref, next);
  kind.row(registry.get(kind, ref), 0);
  for (const field of Object.values(kind.fields))
    assert.equal(typeof field(registry.get(kind, ref)), 'string');
  await registry.delete(kind, ref, { gracePeriodSeconds: 0 }, CONTEXT);
};

const applied = async (registry: Registry, kind: Kind, ref: ObjectRef, next: Draft): Promise<void> => {
  const { resource } = kind;
  const config = { ...next, apiVersion: apiVersionOf(resource), kind: resource.kind };
  const apply = () => answerTo(registry.apply(kind, ref, { config, isForced: true }, CONTEXT));
  const first = await apply();
  if (first) assert.equal((await apply())?.object, first.object, 'a second apply changes nothing');
};

const CONTEXT = testContext({ fieldValidation: 'Ignore' });

describe('any body', () => {
  for (const kind of kinds) {
    it(`of kind ${kind.resource.kind} is stored or refused`, async () => {
      const body = valueOf(schemas.root(kind.definition));
      const namespace = kind.resource.namespaced ? 'default' : undefined;
      const registry = await emptyCluster();
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(body, body, async (first, second) => {
          const name = `x${++runs}`;
          const made = await answerTo(registry.create(kind, namespace, named(kind, name, first), CONTEXT));
          if (made) await live(registry, kind, made, named(kind, name, second));
        }),
        { numRuns: 100 },
      );
    });
  }

  it('an empty list that the pools fill in again is no change, however often it is applied', async () => {
    const kind = kinds.find(({ resource }) => resource.kind === 'Service')!;
    const registry = await emptyCluster();
    await registry.create(kind, 'default', named(kind, 'x', {}), CONTEXT);
    await applied(
      registry,
      kind,
      { name: 'x', namespace: 'default' },
      named(kind, 'x', { spec: { ipFamilies: [] } }),
    );
  });
});
