// What every verb works with: the store, the schemas and the kinds of one API server.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { joinKey } from '../../k8s/objects.ts';
import type { ObjectRef } from '../../client/client.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Admission } from '../admission/admission.ts';
import type { Access } from '../auth/access.ts';
import type { AdmissionContext, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import type { Foretell } from './foretell.ts';
import type { Shape, Shaped } from '../schema/shape.ts';
import { notFound } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { inNamespace } from '../store/in-namespace.ts';
import { viewed } from '../store/selector.ts';
import type { Store, Table } from '../store/store.ts';

export type Machinery = {
  readonly store: Store;
  readonly access: Access;
  readonly clock: Clock;
  /** Who is asked about a write. */
  readonly admission: Admission;
  /** How objects of a kind, or of a definition, are read and owned. */
  readonly shape: (of: Shaped) => Shape;
  /** Who is asked about a dry run. */
  readonly foretell: Foretell | undefined;
};

export const tableOf = ({ store }: Machinery, { storage, resource }: Kind): Table =>
  store.table(storage ?? resource);

export const keyFor = ({ resource }: Kind, { namespace, name }: ObjectRef): string =>
  joinKey(resource.namespaced ? namespace : undefined, name);

/** Undefined if there is none. */
export const lookUp = (machinery: Machinery, kind: Kind, key: string): StoredObject | undefined => {
  const stored = tableOf(machinery, kind).objects.get(key);
  return stored && viewed(kind, stored);
};

/** Throws NotFound. */
export const find = (machinery: Machinery, kind: Kind, ref: ObjectRef): StoredObject => {
  const object = lookUp(machinery, kind, keyFor(kind, ref));
  if (!object) throw notFound(kind.resource, ref.name);
  return object;
};

/** What a kind may know and do while it admits an object. */
export const admissionContext = (
  { store, access, clock }: Machinery,
  { user, dryRun, warn }: RequestContext,
): AdmissionContext => ({
  nowMs: clock.now(),
  user,
  access,
  dryRun,
  warn,
  get: <T extends KubeObject>(resource: Resource<T>, key: string) =>
    store.table(resource).objects.get(key) as Stored<T> | undefined,
  list: <T extends KubeObject>(resource: Resource<T>) => {
    const { objects } = store.table(resource);
    return objects.keys().map((key) => objects.get(key) as unknown as Stored<T>);
  },
  listIn: (resource, namespace) => inNamespace(store, resource, namespace),
});
