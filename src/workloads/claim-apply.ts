// Writes what planClaims() decided: owner references are added and taken away, never behind the back of a newer version.
import type { ApiClient } from '../client/client.ts';
import { unlessGone } from '../k8s/api-error.ts';
import { controllerReference } from '../k8s/owner-references.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Claims } from './claim.ts';

export type ClaimOptions<O extends KubeObject, T extends KubeObject> = {
  readonly client: ApiClient;
  readonly ownerResource: Resource<O>;
  readonly owner: Stored<O>;
  readonly resource: Resource<T>;
  readonly claims: Claims<T>;
  /** What an adopted object gets besides its owner. */
  readonly finalizer?: string;
};

/** Returns everything that the owner controls afterwards. Throws ApiError: a conflict is to be tried again. */
export const applyClaims = async <O extends KubeObject, T extends KubeObject>(
  options: ClaimOptions<O, T>,
): Promise<readonly Stored<T>[]> => {
  const { owned, adopt, release } = options.claims;
  if (release.length > 0) await Promise.all(release.map((object) => releaseOne(options, object)));
  if (adopt.length === 0 || !(await isStillAlive(options))) return owned;
  return [...owned, ...(await Promise.all(adopt.map((object) => adoptOne(options, object))))];
};

/** The cache may be late: an owner that is gone, or going, must not adopt. */
const isStillAlive = async <O extends KubeObject, T extends KubeObject>({
  client,
  ownerResource,
  owner,
}: ClaimOptions<O, T>): Promise<boolean> => {
  const fresh = await client.get(ownerResource, owner.metadata);
  return fresh.metadata.uid === owner.metadata.uid && fresh.metadata.deletionTimestamp === undefined;
};

const adoptOne = <O extends KubeObject, T extends KubeObject>(
  options: ClaimOptions<O, T>,
  object: Stored<T>,
): Promise<Stored<T>> => {
  const reference = controllerReference(options.ownerResource, options.owner);
  const { ownerReferences = [], finalizers = [] } = object.metadata;
  const { finalizer } = options;
  const held = finalizer ? { finalizers: [...new Set([...finalizers, finalizer])] } : {};
  return send(options, object, { ownerReferences: [...ownerReferences, reference], ...held });
};

/** One that is gone is released for good. */
const releaseOne = <O extends KubeObject, T extends KubeObject>(
  options: ClaimOptions<O, T>,
  object: Stored<T>,
): Promise<unknown> => {
  const { uid } = options.owner.metadata;
  const rest = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== uid);
  return unlessGone(send(options, object, { ownerReferences: rest }));
};

const send = <O extends KubeObject, T extends KubeObject>(
  { client, resource }: ClaimOptions<O, T>,
  { metadata }: Stored<T>,
  changed: object,
): Promise<Stored<T>> => {
  const { uid, resourceVersion } = metadata;
  const patch = { metadata: { uid, resourceVersion, ...changed } };
  return client.patch(resource, metadata, patch, { type: 'application/merge-patch+json' });
};
