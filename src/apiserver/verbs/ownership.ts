// What a write makes of metadata.managedFields. Subresources that move no user's fields (binding, eviction, deletion) leave
// it as it is, as kube-apiserver does.
import type { ManagedFieldsEntry } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import { equalJson, isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import { ignoredBy } from '../managed-fields/ignored-fields.ts';
import { parseEntries } from '../managed-fields/managers.ts';
import type { Entry, Writer } from '../managed-fields/managers.ts';
import { ownAfterUpdate } from '../managed-fields/update.ts';
import type { RequestContext, Subresource } from '../registry.ts';
import type { StoredObject } from '../store/change.ts';
import type { Machinery } from './machinery.ts';
import { metaOf } from './request-object.ts';

export type Change = {
  /** Undefined for a new object. */
  readonly before: StoredObject | undefined;
  /** Decoded and defaulted, not yet prepared: what the kind itself sets is nobody's. */
  readonly after: Draft;
  /** What the client sent as managedFields. */
  readonly sent: readonly ManagedFieldsEntry[] | undefined;
};

/** Who owns what after a change. */
export type Ownership = (change: Change) => readonly Entry[];

/** Of a create, an update or a patch: the client of the request owns what it changes. */
export const writtenBy = (
  machinery: Machinery,
  kind: Kind,
  context: RequestContext,
  subresource?: Subresource,
): Ownership => {
  const type = machinery.shape(kind).fieldType;
  const ignored = ignoredBy(subresource, kind.subresources.includes('status'));
  return ({ before, after, sent }) => {
    const entries = presentEntries(before, subresource ? undefined : sent);
    if (before && entries.length === 0) return entries; // its owners were cleared: no one counts them again
    const writer = writerOf(machinery, kind, context, subresource);
    const live = before ? unmanaged(before) : {};
    return ownAfterUpdate({ type, live, after: unmanaged(after), entries, writer, ignored });
  };
};

export const writerOf = (
  { clock }: Machinery,
  { resource }: Kind,
  { fieldManager }: RequestContext,
  subresource?: Subresource,
): Writer => ({
  manager: fieldManager,
  apiVersion: apiVersionOf(resource),
  subresource,
  time: formatTime(clock.now()),
});

/** The entries of a stored object: those that are there were checked when they came in. */
export const entriesOf = (object: KubeObject | undefined): readonly Entry[] =>
  (object?.metadata?.managedFields ?? []) as readonly Entry[];

// A client that sends none, or none that can be understood, does not know them; an empty one clears them all.
const presentEntries = (before: StoredObject | undefined, sent: Change['sent']): readonly Entry[] => {
  const present = entriesOf(before);
  if (!sent || equalJson(sent, present)) return present;
  return isReset(sent) ? [] : (parseEntries(sent) ?? present);
};

const isReset = (sent: readonly ManagedFieldsEntry[]): boolean =>
  sent.length === 1 && Object.keys(sent[0]!).length === 0;

/** The decoder drops empty lists, as Go's encoder does; an empty one of owners means the same as this one. */
export const spellOutReset = (body: unknown): unknown => {
  if (!isJsonObject(body) || !isJsonObject(body['metadata'])) return body;
  const { managedFields } = body['metadata'];
  if (!Array.isArray(managedFields) || managedFields.length > 0) return body;
  return { ...body, metadata: { ...body['metadata'], managedFields: [{}] } };
};

/** The object without its entries: they own, and are not owned. */
export const unmanaged = (object: KubeObject | Draft): JsonObject => ({
  ...object,
  metadata: { ...object.metadata, managedFields: undefined },
});

export const setOwners = (draft: Draft, entries: readonly Entry[]): void => {
  const { managedFields: _before, ...metadata } = metaOf(draft);
  draft.metadata = { ...metadata, ...(entries.length > 0 && { managedFields: entries }) };
};

/** Whether a write changes anything but the times at which managers wrote. */
export const isUnchanged = (draft: Draft, before: StoredObject): boolean =>
  equalJson(timeless(draft), timeless(before));

const timeless = (object: KubeObject | Draft): JsonObject => {
  const entries = entriesOf(object as KubeObject).map((entry) => ({ ...entry, time: undefined }));
  return { ...object, metadata: { ...object.metadata, managedFields: entries } };
};
