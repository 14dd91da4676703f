// Creates and deletes the pods of one owner, and says so in events.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { isNamespaceTerminating, isNotFound } from '../../k8s/api-error.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import { type KubeObject, type Stored, keyOf } from '../../k8s/objects.ts';
import { type Resource, pods as podResource } from '../../k8s/resources.ts';
import type { Expectations } from './expectations.ts';
import { slowStartBatches } from './slow-start.ts';

export type PodWriter = {
  readonly client: ApiClient;
  readonly events: EventRecorder;
  readonly expectations: Expectations;
  /** Of the owners. */
  readonly resource: Resource;
};

export type WriteFailure = { readonly reason: 'FailedCreate' | 'FailedDelete'; readonly message: string };

/**
 * Creates and deletes; returns the first failure. Nothing else may be expected of the owner at that time. What could not
 * be done is not expected any more.
 */
export const writePods = async (
  writer: PodWriter,
  owner: Stored<KubeObject>,
  create: readonly Pod[],
  remove: readonly Stored<Pod>[],
): Promise<WriteFailure | undefined> => {
  if (create.length + remove.length === 0) return undefined;
  const uids = remove.map(({ metadata }) => metadata.uid);
  writer.expectations.expect(keyOf(owner), create.length, uids);
  const [created, deleted] = await Promise.all([
    createPods(writer, owner, create),
    Promise.all(remove.map((pod) => deletePod(writer, owner, pod))),
  ]);
  return created ?? deleted.find((failure) => failure !== undefined);
};

const createPods = async (
  writer: PodWriter,
  owner: Stored<KubeObject>,
  pods: readonly Pod[],
): Promise<WriteFailure | undefined> => {
  let tried = 0;
  for (const size of slowStartBatches(pods.length)) {
    const round = pods.slice(tried, tried + size).map((pod) => createPod(writer, owner, pod));
    tried += size;
    const failure = (await Promise.all(round)).find((each) => each !== undefined);
    if (!failure) continue;
    for (let skipped = tried; skipped < pods.length; skipped++)
      writer.expectations.creationSeen(keyOf(owner));
    return failure;
  }
  return undefined;
};

const createPod = async (
  { client, events, expectations, resource }: PodWriter,
  owner: Stored<KubeObject>,
  pod: Pod,
): Promise<WriteFailure | undefined> => {
  try {
    const { metadata } = await client.create(podResource, pod, owner.metadata.namespace);
    const message = `Created pod: ${metadata.name}`;
    events.record(resource, owner, { type: 'Normal', reason: 'SuccessfulCreate', message });
    return undefined;
  } catch (error) {
    expectations.creationSeen(keyOf(owner));
    if (isNamespaceTerminating(error)) return undefined; // it will be gone soon, and this owner with it
    const message = textOf(error);
    const event = { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${message}` } as const;
    events.record(resource, owner, event);
    return { reason: 'FailedCreate', message };
  }
};

const deletePod = async (
  { client, events, expectations, resource }: PodWriter,
  owner: Stored<KubeObject>,
  { metadata }: Stored<Pod>,
): Promise<WriteFailure | undefined> => {
  try {
    await client.delete(podResource, metadata, { uid: metadata.uid });
    const message = `Deleted pod: ${metadata.name}`;
    events.record(resource, owner, { type: 'Normal', reason: 'SuccessfulDelete', message });
    return undefined;
  } catch (error) {
    expectations.deletionSeen(keyOf(owner), metadata.uid);
    if (isNotFound(error)) return undefined;
    const message = textOf(error);
    const event = { type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${message}` } as const;
    events.record(resource, owner, event);
    return { reason: 'FailedDelete', message };
  }
};

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
