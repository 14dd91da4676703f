// The last step of every write: take what the object needs from shared pools, then store it; or, on a dry run, give back
// what would have been stored.
import type { KubeObject } from '../../k8s/objects.ts';
import { restrictNode } from '../auth/node/restrict-node.ts';
import type { Allocation, Companion, Draft, Kind } from '../kind.ts';
import { metaForCreate } from '../object-meta/system-fields.ts';
import type { RequestContext } from '../registry.ts';
import { invalid } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { viewed } from '../store/selector.ts';
import { admissionContext, tableOf } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { isUnchanged } from './ownership.ts';
import { metaOf } from './request-object.ts';

type Granted = Extract<Allocation, { readonly ok: true }>;

/** A write that has passed validation: `before` is undefined for a new object. */
export type Write = {
  readonly kind: Kind;
  readonly key: string;
  readonly draft: Draft;
  readonly before: StoredObject | undefined;
};

/** `check` runs once the pools have given what they can, and undoes that by throwing. Throws Invalid. */
export const save = (
  machinery: Machinery,
  { kind, key, draft, before }: Write,
  context: RequestContext,
  check: () => void = () => {},
): StoredObject => {
  restrictNode(context.user, { resource: kind.resource, before, after: draft as KubeObject });
  const granted = allocate(machinery, kind, { draft, before }, context);
  try {
    check();
  } catch (error) {
    granted?.rollback();
    throw error;
  }
  // A write that changes nothing is not one. The pools may have filled in what the draft had left out.
  const form = kind.storedForm?.(draft) ?? draft;
  const table = tableOf(machinery, kind);
  const stored = kind.storedForm ? table.objects.get(key) : before;
  const isNothing = before !== undefined && stored !== undefined && isUnchanged(form, stored);
  if (isNothing || context.dryRun) {
    granted?.rollback();
    return isNothing ? before : (draft as unknown as StoredObject);
  }
  granted?.commit();
  for (const companion of granted?.companions ?? []) writeCompanion(machinery, companion);
  return viewed(kind, machinery.store.put(table, key, form as KubeObject));
};

/** Removes the object and gives back what it held. */
export const discard = (
  machinery: Machinery,
  kind: Kind,
  { key, before }: { readonly key: string; readonly before: StoredObject },
  context: RequestContext,
): StoredObject => {
  restrictNode(context.user, { resource: kind.resource, before, after: undefined });
  if (context.dryRun) return before;
  const granted = allocate(machinery, kind, { draft: undefined, before }, context);
  granted?.commit();
  const removed = machinery.store.remove(tableOf(machinery, kind), key);
  for (const companion of granted?.companions ?? []) writeCompanion(machinery, companion);
  // As the client knows it: it need not be converted again.
  const { resourceVersion } = removed.metadata;
  return kind.view ? { ...before, metadata: { ...before.metadata, resourceVersion } } : removed;
};

const writeCompanion = (machinery: Machinery, companion: Companion): void => {
  const table = tableOf(machinery, companion.kind);
  if (companion.action === 'remove') return void machinery.store.remove(table, companion.key);
  const metadata = metaForCreate(companion.kind, metaOf(companion.draft), machinery.clock.now());
  machinery.store.put(table, metadata.name!, { ...companion.draft, metadata });
};

const allocate = (
  machinery: Machinery,
  kind: Kind,
  { draft, before }: { readonly draft: Draft | undefined; readonly before: StoredObject | undefined },
  context: RequestContext,
): Granted | undefined => {
  const allocation = kind.allocate?.(draft, before, admissionContext(machinery, context));
  if (!allocation || allocation.ok) return allocation;
  const name = String(draft?.metadata?.['name'] ?? before?.metadata.name);
  throw invalid(kind.resource, name, allocation.errors);
};
