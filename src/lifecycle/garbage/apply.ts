// Carries out the garbage collector's actions. Every write is bound to the version, every deletion to the uid.
import type { ApiClient } from '../../client/client.ts';
import { unlessGone } from '../../k8s/api-error.ts';
import type { OwnerReference } from '../../k8s/generated/types.ts';
import type { Item } from '../content.ts';
import { FOREGROUND } from './compile.ts';
import type { Propagation } from './compile.ts';

const MERGE = { type: 'application/merge-patch+json' } as const;

export const deleteItem = async (
  client: ApiClient,
  { resource, object }: Item,
  propagationPolicy: Propagation,
): Promise<void> => {
  const { uid, resourceVersion } = object.metadata;
  await unlessGone(client.delete(resource, object.metadata, { uid, resourceVersion, propagationPolicy }));
};

export const disown = async (client: ApiClient, item: Item, ownerUids: readonly string[]): Promise<void> => {
  const owners = item.object.metadata.ownerReferences ?? [];
  await patchOwners(
    client,
    item,
    owners.filter(({ uid }) => !ownerUids.includes(uid)),
  );
};

export const removeFinalizer = async (client: ApiClient, item: Item, finalizer: string): Promise<void> => {
  const { resourceVersion, finalizers = [] } = item.object.metadata;
  const rest = finalizers.filter((each) => each !== finalizer);
  const metadata = { resourceVersion, finalizers: rest };
  await unlessGone(client.patch(item.resource, item.object.metadata, { metadata }, MERGE));
};

/** Owners in a circle would wait for each other for ever: this one no longer holds its owners up. */
export const unblockOwners = async (client: ApiClient, item: Item): Promise<void> => {
  const owners = item.object.metadata.ownerReferences ?? [];
  if (owners.some(({ blockOwnerDeletion }) => blockOwnerDeletion)) {
    await patchOwners(
      client,
      item,
      owners.map((owner) => ({ ...owner, blockOwnerDeletion: false })),
    );
  }
};

/** Whether one of the item's own dependents waits for its dependents too: the beginning of a circle. */
export const isInCircle = (dependents: readonly Item[]): boolean =>
  dependents.some(
    ({ object: { metadata } }) =>
      metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(FOREGROUND),
  );

const patchOwners = async (
  client: ApiClient,
  { resource, object }: Item,
  ownerReferences: readonly OwnerReference[],
): Promise<void> => {
  const { uid, resourceVersion } = object.metadata;
  const metadata = { uid, resourceVersion, ownerReferences };
  await unlessGone(client.patch(resource, object.metadata, { metadata }, MERGE));
};
