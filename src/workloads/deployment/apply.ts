// Carries out a Deployment's changes on its ReplicaSets. Every write is bound to the version that was decided upon.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { isAlreadyExists, unlessGone } from '../../k8s/api-error.ts';
import type { Deployment, ReplicaSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { controllerOf, controllerReference } from '../../k8s/owner-references.ts';
import { deployments, replicaSets } from '../../k8s/resources.ts';
import {
  REVISION,
  copiedAnnotations,
  nextRevision,
  refreshedAnnotations,
  revisionOf,
  sizeAnnotations,
} from './annotations.ts';
import { replicasOf, strategyOf } from './select.ts';
import type { RolloutSets } from './select.ts';
import type { DeploymentChange } from './state.ts';
import { contentHash } from '../hash.ts';
import { HASH_LABEL, findNewReplicaSet } from './template.ts';

export type SetWriter = { readonly client: ApiClient; readonly events: EventRecorder };

/** The name for the new ReplicaSet is taken by one with another template: the Deployment must count the collision. */
export class HashCollision extends Error {
  override readonly name = 'HashCollision';
}

/** The ReplicaSet for the Deployment's present template. */
const newReplicaSet = (
  deployment: Stored<Deployment>,
  oldSets: readonly Stored<ReplicaSet>[],
  replicas: number,
): ReplicaSet => {
  const { metadata, spec } = deployment;
  const template = spec!.template;
  const hash = contentHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(replicasOf(deployment), surgeOf(deployment)),
        [REVISION]: String(nextRevision(oldSets)),
      },
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas,
      ...(spec!.minReadySeconds === undefined ? {} : { minReadySeconds: spec!.minReadySeconds }),
      selector: {
        ...spec!.selector,
        matchLabels: { ...spec!.selector.matchLabels, [HASH_LABEL]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
};

const surgeOf = (deployment: Stored<Deployment>): number => {
  const strategy = strategyOf(deployment);
  return strategy.kind === 'RollingUpdate' ? strategy.maxSurge : 0;
};

/** Returns the ReplicaSets as they are after the change. */
export const applyChange = async (
  writer: SetWriter,
  deployment: Stored<Deployment>,
  sets: RolloutSets,
  change: DeploymentChange,
): Promise<RolloutSets> => {
  switch (change.kind) {
    case 'create': {
      const newSet = await create(
        writer,
        deployment,
        newReplicaSet(deployment, sets.oldSets, change.replicas),
      );
      if (change.replicas > 0) recordScaling(writer, deployment, newSet.metadata.name, 0, change.replicas);
      return { ...sets, newSet };
    }
    case 'scale': {
      const scaled = await scale(writer, deployment, namedSet(sets, change.name), change.to);
      if (change.from !== change.to) recordScaling(writer, deployment, change.name, change.from, change.to);
      return replaceSet(sets, scaled);
    }
    case 'delete':
      await remove(writer, namedSet(sets, change.name));
      return { ...sets, oldSets: sets.oldSets.filter(({ metadata }) => metadata.name !== change.name) };
  }
};

/** Gives the newest ReplicaSet its revision, the Deployment's annotations and its minReadySeconds. */
export const refreshNewSet = async (
  { client }: SetWriter,
  deployment: Stored<Deployment>,
  sets: RolloutSets,
): Promise<RolloutSets> => {
  const { newSet, oldSets } = sets;
  if (!newSet) return sets;
  const annotations = refreshedAnnotations(deployment, newSet, nextRevision(oldSets));
  const minReadySeconds = deployment.spec?.minReadySeconds;
  if (!annotations && (newSet.spec?.minReadySeconds ?? 0) === (minReadySeconds ?? 0)) return sets;
  const refreshed = await client.update(replicaSets, {
    ...newSet,
    metadata: { ...newSet.metadata, annotations: annotations ?? newSet.metadata.annotations },
    spec: { ...newSet.spec!, minReadySeconds },
  });
  return { ...sets, newSet: refreshed };
};

/** `kubectl rollout history` reads the revision of ReplicaSets, `rollout status` and `undo` that of the Deployment. */
export const copyRevision = async (
  { client }: SetWriter,
  deployment: Stored<Deployment>,
  { newSet }: RolloutSets,
): Promise<Stored<Deployment>> => {
  const revision = newSet && String(revisionOf(newSet));
  if (revision === undefined || deployment.metadata.annotations?.[REVISION] === revision) return deployment;
  const patch = { metadata: { annotations: { [REVISION]: revision } } };
  return client.patch(deployments, deployment.metadata, patch, { type: 'application/merge-patch+json' });
};

/** A late cache makes us create what is there already: then that one is taken, if it is ours and has our template. */
const create = async (
  { client }: SetWriter,
  deployment: Stored<Deployment>,
  replicaSet: ReplicaSet,
): Promise<Stored<ReplicaSet>> => {
  const { namespace } = deployment.metadata;
  try {
    return await client.create(replicaSets, replicaSet, namespace);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const name = replicaSet.metadata!.name!;
    const present = await client.get(replicaSets, { name, namespace });
    const isOurs = controllerOf(present)?.uid === deployment.metadata.uid;
    if (isOurs && findNewReplicaSet(deployment, [present])) return present;
    throw new HashCollision(`replica set ${name} has another template`, { cause: error });
  }
};

const scale = (
  { client }: SetWriter,
  deployment: Stored<Deployment>,
  replicaSet: Stored<ReplicaSet>,
  replicas: number,
): Promise<Stored<ReplicaSet>> => {
  const sizes = sizeAnnotations(replicasOf(deployment), surgeOf(deployment));
  const annotations = { ...replicaSet.metadata.annotations, ...sizes };
  return client.update(replicaSets, {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations },
    spec: { ...replicaSet.spec!, replicas },
  });
};

const remove = ({ client }: SetWriter, { metadata }: Stored<ReplicaSet>): Promise<void> => {
  const { uid, resourceVersion } = metadata;
  const request = { uid, resourceVersion, propagationPolicy: 'Background' } as const;
  return unlessGone(client.delete(replicaSets, metadata, request));
};

const recordScaling = (
  { events }: SetWriter,
  deployment: Stored<Deployment>,
  name: string,
  from: number,
  to: number,
): void => {
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
  events.record(deployments, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
};

const namedSet = ({ newSet, oldSets }: RolloutSets, name: string): Stored<ReplicaSet> =>
  [...oldSets, ...(newSet ? [newSet] : [])].find(({ metadata }) => metadata.name === name)!;

const replaceSet = ({ newSet, oldSets }: RolloutSets, changed: Stored<ReplicaSet>): RolloutSets => {
  const isChanged = ({ metadata }: Stored<ReplicaSet>): boolean => metadata.uid === changed.metadata.uid;
  return {
    newSet: newSet && isChanged(newSet) ? changed : newSet,
    oldSets: oldSets.map((set) => (isChanged(set) ? changed : set)),
  };
};
