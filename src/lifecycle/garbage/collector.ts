// The garbage collector: what lost its last owner goes, what is deleted takes along or leaves behind what it owns.
import type { ApiClient } from '../../client/client.ts';
import type { Change } from '../../informer/informer.ts';
import { isConflict, unlessGone } from '../../k8s/api-error.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { keyOf } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import type { AnyObject, Content, Item } from '../content.ts';
import { deleteItem, disown, isInCircle, removeFinalizer, unblockOwners } from './apply.ts';
import { FOREGROUND, ORPHAN, compileGarbage } from './compile.ts';
import type { Dependent, GarbageAction } from './compile.ts';
import { createOwnerLookup, isInReach } from './owners.ts';
import type { OwnerLookup } from './owners.ts';

export type CollectorOptions = {
  readonly client: ApiClient;
  /** Must have synced: before that, owners seem absent that are only not known yet. */
  readonly content: Content;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 20;

type Context = CollectorOptions & { readonly lookUp: OwnerLookup };

export const startCollector = (options: CollectorOptions): Loop => {
  const { client, content, clock, log } = options;
  const context = { ...options, lookUp: createOwnerLookup(client, content) };
  const loop = startKeyedLoop({
    name: 'garbage-collector',
    concurrency: CONCURRENCY,
    isExpected: isConflict,
    reconcile: (key) => reconcile(context, loop, key),
    clock,
    log,
  });
  const unsubscribe = content.subscribe((resource, change) => hear(content, loop, resource, change));
  return fedBy(loop, [unsubscribe]);
};

const mark = (content: Content, loop: Loop, { resource, object }: Item): void =>
  loop.mark(content.keyOf(resource, keyOf(object)));

const hear = (
  content: Content,
  loop: Loop,
  resource: Resource,
  { key, before, after }: Change<KubeObject>,
): void => {
  if (after && (needsCollector(after) || hasLostOwner(content, before, after)))
    loop.mark(content.keyOf(resource, key));
  if (!after) for (const item of content.dependents(before!.metadata.uid)) mark(content, loop, item);
  for (const owner of waitingOwners(content, before, after)) mark(content, loop, owner);
};

const needsCollector = ({ metadata }: AnyObject): boolean =>
  metadata.deletionTimestamp !== undefined &&
  (metadata.finalizers ?? []).some((finalizer) => finalizer === FOREGROUND || finalizer === ORPHAN);

/** Asked only when owners are new to us; when an owner goes later, that is heard from the owner. */
const hasLostOwner = (content: Content, before: AnyObject | undefined, after: AnyObject): boolean => {
  const uids = (object: AnyObject | undefined): string =>
    (object?.metadata.ownerReferences ?? []).map(({ uid }) => uid).join();
  if (uids(before) === uids(after)) return false;
  return (after.metadata.ownerReferences ?? []).some(({ uid }) => {
    const owner = content.byUid(uid);
    return !owner || needsCollector(owner.object) || !isInReach(owner.object, after.metadata.namespace);
  });
};

/** Owners that wait for this object, which has gone, or does not hold them up any more. */
const waitingOwners = (
  content: Content,
  before: AnyObject | undefined,
  after: AnyObject | undefined,
): readonly Item[] => {
  const blocked = new Set(blockedUids(after));
  return blockedUids(before)
    .filter((uid) => !blocked.has(uid))
    .map((uid) => content.byUid(uid))
    .filter((owner) => owner !== undefined)
    .filter(({ object }) => needsCollector(object));
};

const blockedUids = (object: AnyObject | undefined): string[] =>
  (object?.metadata.ownerReferences ?? [])
    .filter(({ blockOwnerDeletion }) => blockOwnerDeletion)
    .map(({ uid }) => uid);

const reconcile = async (context: Context, loop: Loop, key: string): Promise<void> => {
  const cached = context.content.find(key);
  const item = cached && (await fresh(context, cached));
  if (!item) return;
  const { metadata } = item.object;
  const dependents = context.content.dependents(metadata.uid);
  const owners = await Promise.all(
    (metadata.ownerReferences ?? []).map(async (reference) => ({
      reference,
      state: await context.lookUp(reference, item.object),
    })),
  );
  const facts = dependents.map((dependent) => dependentOf(metadata.uid, dependent));
  const action = compileGarbage({ metadata, owners, dependents: facts });
  await apply(context, loop, { item, dependents, action });
};

/** The object as the server has it now: decisions about deletion are not taken on a cache. */
const fresh = async ({ client }: Context, { resource, object }: Item): Promise<Item | undefined> => {
  const live = await unlessGone(client.get(resource, object.metadata));
  return live?.metadata.uid === object.metadata.uid ? { resource, object: live } : undefined;
};

const dependentOf = (ownerUid: string, { object: { metadata } }: Item): Dependent => ({
  blocksOwner: (metadata.ownerReferences ?? []).some(
    ({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true,
  ),
});

type Decided = { readonly item: Item; readonly dependents: readonly Item[]; readonly action: GarbageAction };

const apply = async ({ client, content }: Context, loop: Loop, decided: Decided): Promise<void> => {
  const { item, dependents, action } = decided;
  switch (action.kind) {
    case 'keep':
      return;
    case 'delete':
      if (action.propagation === 'Foreground' && isInCircle(dependents)) await unblockOwners(client, item);
      return deleteItem(client, item, action.propagation);
    case 'disown':
      return disown(client, item, action.ownerUids);
    case 'orphan-dependents':
      await Promise.all(dependents.map((each) => disown(client, each, [item.object.metadata.uid])));
      return removeFinalizer(client, item, ORPHAN);
    case 'collect-dependents':
      for (const dependent of dependents) mark(content, loop, dependent);
      return;
    case 'remove-finalizer':
      return removeFinalizer(client, item, action.finalizer);
  }
};
