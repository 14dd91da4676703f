// Creates and deletes a ReplicaSet's pods, and says so in events.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { isNamespaceTerminating, isNotFound } from '../../k8s/api-error.ts';
import type { Pod, ReplicaSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { controllerReference } from '../../k8s/owner-references.ts';
import { pods, replicaSets } from '../../k8s/resources.ts';
import { slowStartBatches } from './compile.ts';
import type { ReplicaPlan } from './compile.ts';
import type { Expectations } from './expectations.ts';
import type { CreateFailure } from './status.ts';

export type PodWriter = {
  readonly client: ApiClient;
  readonly events: EventRecorder;
  readonly expectations: Expectations;
};

/** The pod that a ReplicaSet's template describes; the API server completes the name. */
const podFromTemplate = (replicaSet: Stored<ReplicaSet>): Pod => {
  const { metadata, spec } = replicaSet.spec?.template ?? {};
  return {
    metadata: {
      generateName: `${replicaSet.metadata.name}-`,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
      ...(metadata?.finalizers ? { finalizers: metadata.finalizers } : {}),
      ownerReferences: [controllerReference(replicaSets, replicaSet)],
    },
    ...(spec ? { spec } : {}),
  };
};

/** Carries the plan out; returns the first failure. What it could not do is not expected any more. */
export const applyReplicas = async (
  writer: PodWriter,
  key: string,
  replicaSet: Stored<ReplicaSet>,
  plan: ReplicaPlan,
): Promise<CreateFailure | undefined> => {
  switch (plan.kind) {
    case 'none':
      return undefined;
    case 'create':
      writer.expectations.expect(key, plan.count, []);
      return createPods(writer, key, replicaSet, plan.count);
    case 'delete': {
      const uids = plan.pods.map(({ metadata }) => metadata.uid);
      writer.expectations.expect(key, 0, uids);
      const failures = await Promise.all(plan.pods.map((pod) => deletePod(writer, key, replicaSet, pod)));
      return failures.find((failure) => failure !== undefined);
    }
  }
};

const createPods = async (
  writer: PodWriter,
  key: string,
  replicaSet: Stored<ReplicaSet>,
  count: number,
): Promise<CreateFailure | undefined> => {
  const pod = podFromTemplate(replicaSet);
  let tried = 0;
  for (const size of slowStartBatches(count)) {
    const round = Array.from({ length: size }, () => createPod(writer, key, replicaSet, pod));
    tried += size;
    const failure = (await Promise.all(round)).find((each) => each !== undefined);
    if (!failure) continue;
    for (let skipped = tried; skipped < count; skipped++) writer.expectations.creationSeen(key);
    return failure;
  }
  return undefined;
};

const createPod = async (
  { client, events, expectations }: PodWriter,
  key: string,
  replicaSet: Stored<ReplicaSet>,
  pod: Pod,
): Promise<CreateFailure | undefined> => {
  try {
    const { metadata } = await client.create(pods, pod, replicaSet.metadata.namespace);
    const message = `Created pod: ${metadata.name}`;
    events.record(replicaSets, replicaSet, { type: 'Normal', reason: 'SuccessfulCreate', message });
    return undefined;
  } catch (error) {
    expectations.creationSeen(key);
    if (isNamespaceTerminating(error)) return undefined; // it will be gone soon, and this ReplicaSet with it
    const message = error instanceof Error ? error.message : String(error);
    const event = { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${message}` } as const;
    events.record(replicaSets, replicaSet, event);
    return { reason: 'FailedCreate', message };
  }
};

const deletePod = async (
  { client, events, expectations }: PodWriter,
  key: string,
  replicaSet: Stored<ReplicaSet>,
  { metadata }: Stored<Pod>,
): Promise<CreateFailure | undefined> => {
  try {
    await client.delete(pods, metadata, { uid: metadata.uid });
    const message = `Deleted pod: ${metadata.name}`;
    events.record(replicaSets, replicaSet, { type: 'Normal', reason: 'SuccessfulDelete', message });
    return undefined;
  } catch (error) {
    expectations.deletionSeen(key, metadata.uid);
    if (isNotFound(error)) return undefined;
    const message = error instanceof Error ? error.message : String(error);
    const event = { type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${message}` } as const;
    events.record(replicaSets, replicaSet, event);
    return { reason: 'FailedDelete', message };
  }
};
