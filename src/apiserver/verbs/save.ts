// The last step of every write: take what the object needs from shared pools, then store it; or, on a dry run, give back
// what would have been stored.
import type { ResourceQuota } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { restrictNode } from '../auth/node/restrict-node.ts';
import type { Allocation, Companion, Draft, Kind } from '../kind.ts';
import { chargeQuotas, countFor } from '../quota/charge-quotas.ts';
import { metaForCreate } from '../object-meta/system-fields.ts';
import type { RequestContext } from '../registry.ts';
import { invalid } from '../status-errors.ts';
import type { Change, StoredObject } from '../store/change.ts';
import type { Step } from '../store/store.ts';
import { viewed } from '../store/selector.ts';
import { foretell } from './foretell.ts';
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
  if (isQuota(kind)) draft['status'] = countFor(machinery.store, draft as ResourceQuota);
  const charges = charge(machinery, kind, { draft, before });
  const granted = allocate(machinery, kind, { draft, before }, context);
  try {
    check();
  } catch (error) {
    granted?.rollback();
    throw error;
  }
  // A write that changes nothing is not one. The pools may have filled in what the draft had left out.
  const form = kind.storedForm?.(draft) ?? draft;
  const stored = kind.storedForm ? tableOf(machinery, kind).objects.get(key) : before;
  const isNothing = before !== undefined && stored !== undefined && isUnchanged(form, stored);
  if (isNothing || context.dryRun) {
    granted?.rollback();
    if (isNothing) return before;
    foretell(machinery, kind, { before, after: draft as KubeObject }, context);
    return draft as unknown as StoredObject;
  }
  return viewed(kind, write(machinery, { kind, key, object: form, granted, charges }).after!);
};

/** Removes the object and gives back what it held. */
export const discard = (
  machinery: Machinery,
  kind: Kind,
  { key, before }: { readonly key: string; readonly before: StoredObject },
  context: RequestContext,
): StoredObject => {
  restrictNode(context.user, { resource: kind.resource, before, after: undefined });
  if (context.dryRun) {
    foretell(machinery, kind, { before, after: undefined }, context);
    return before;
  }
  const granted = allocate(machinery, kind, { draft: undefined, before }, context);
  const charges = charge(machinery, kind, { draft: undefined, before });
  const settlement = { kind, key, object: undefined, granted, charges };
  const removed = write(machinery, settlement).eventFor(() => true)!.object;
  // As the client knows it: it need not be converted again.
  const { resourceVersion } = removed.metadata;
  return kind.view ? { ...before, metadata: { ...before.metadata, resourceVersion } } : removed;
};

type Settlement = {
  readonly kind: Kind;
  readonly key: string;
  /** In the form that is stored; undefined: to be removed. */
  readonly object: Draft | undefined;
  readonly granted: Granted | undefined;
  /** The quotas that change with it. */
  readonly charges: readonly Step[];
};

/** The object and its companions, or nothing: a new Service comes after its addresses and goes before them. */
const write = (machinery: Machinery, { kind, key, object, granted, charges }: Settlement): Change => {
  const own: Step = { table: tableOf(machinery, kind), key, object: object as KubeObject | undefined };
  const given = (granted?.companions ?? []).map((companion) => stepOf(machinery, companion));
  const companions = [...given, ...charges];
  try {
    const changes = machinery.store.write(object ? [...companions, own] : [own, ...companions]);
    granted?.commit();
    return object ? changes.at(-1)! : changes[0]!;
  } catch (error) {
    granted?.rollback();
    throw error;
  }
};

const stepOf = (machinery: Machinery, companion: Companion): Step => {
  const table = tableOf(machinery, companion.kind);
  if (companion.action === 'remove') return { table, key: companion.key, object: undefined };
  const metadata = metaForCreate(companion.kind, metaOf(companion.draft), machinery.clock.now());
  return { table, key: metadata.name!, object: { ...companion.draft, metadata } };
};

const isQuota = ({ resource }: Kind): boolean => resource.group === '' && resource.kind === 'ResourceQuota';

const charge = (
  { store }: Machinery,
  { resource }: Kind,
  { draft, before }: { readonly draft: Draft | undefined; readonly before: StoredObject | undefined },
): readonly Step[] => {
  const after = draft as KubeObject | undefined;
  const namespace = resource.namespaced ? (after ?? before)?.metadata?.namespace : undefined;
  return chargeQuotas(store, { resource, namespace, before, after });
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
