// The fields of metadata that the server decides: set on create, carried over on update.
import { randomUUID } from 'node:crypto';
import type { ObjectMeta } from '../../k8s/generated/types.ts';
import type { StoredMeta } from '../../k8s/objects.ts';
import { formatTime } from '../../k8s/time.ts';
import { equalJson } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';

const hasGeneration = (kind: Kind): boolean => kind.hasGeneration ?? kind.subresources.includes('status');

/** What a new object keeps of the client's metadata. */
export const metaBeforeCreate = (meta: ObjectMeta): ObjectMeta => ({
  ...userFields(meta),
  ...(meta.generateName && { generateName: meta.generateName }),
});

/** The same with what the server adds. Not pure: a new uid each time. */
export const metaForCreate = (kind: Kind, meta: ObjectMeta, nowMs: number): ObjectMeta => ({
  ...metaBeforeCreate(meta),
  uid: randomUUID(),
  creationTimestamp: formatTime(nowMs),
  ...(hasGeneration(kind) && { generation: 1 }),
});

/** An update decides labels, annotations, owners and finalizers; the rest stays as it is. */
export const metaForUpdate = (meta: ObjectMeta, before: StoredMeta): ObjectMeta => ({
  ...systemFields(before),
  ...userFields({ ...meta, name: before.name, namespace: before.namespace }),
});

/** A status update may write labels and annotations; owners and finalizers stay as they are. */
export const metaForStatusUpdate = (meta: ObjectMeta, before: StoredMeta): ObjectMeta => ({
  ...before,
  ...(meta.labels && { labels: meta.labels }),
  ...(meta.annotations && { annotations: meta.annotations }),
});

/** The generation after an update: one more if anything but metadata and status changed. */
export const nextGeneration = (kind: Kind, draft: Draft, before: Draft): number | undefined => {
  const generation = before.metadata?.['generation'] as number | undefined;
  if (!hasGeneration(kind)) return generation;
  const desired = kind.subresources.includes('status') ? withoutStatus : withoutMetadata;
  return (generation ?? 1) + (equalJson(desired(draft), desired(before)) ? 0 : 1);
};

const withoutMetadata = ({ metadata: _metadata, ...rest }: Draft): Draft => rest;

// Where the status has an endpoint of its own it is not for those who write the rest.
const withoutStatus = (object: Draft): Draft => {
  const { status: _status, ...rest } = withoutMetadata(object);
  return rest;
};

const userFields = (meta: ObjectMeta): ObjectMeta => ({
  ...(meta.name !== undefined && { name: meta.name }),
  ...(meta.namespace !== undefined && { namespace: meta.namespace }),
  ...(meta.labels && { labels: meta.labels }),
  ...(meta.annotations && { annotations: meta.annotations }),
  ...(meta.ownerReferences && { ownerReferences: meta.ownerReferences }),
  ...(meta.finalizers && { finalizers: meta.finalizers }),
});

const systemFields = ({
  labels: _labels,
  annotations: _annotations,
  ownerReferences: _owners,
  finalizers: _finalizers,
  ...system
}: StoredMeta): ObjectMeta => system;
