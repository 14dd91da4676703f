// Carries the steps of a StatefulSet out, and says so in events.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import { isAlreadyExists, unlessGone } from '../../k8s/api-error.ts';
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet } from '../../k8s/generated/types.ts';
import type { Informer } from '../../informer/informer.ts';
import { type Stored, keyOf } from '../../k8s/objects.ts';
import { persistentVolumeClaims, pods, statefulSets } from '../../k8s/resources.ts';
import { claimOwners } from './claims.ts';
import type { StatefulStep } from './compile.ts';
import { memberClaims, memberPod, ordinalOf, podName } from './identity.ts';

export type MemberWriter = {
  readonly client: ApiClient;
  readonly events: EventRecorder;
  readonly claims: Informer<PersistentVolumeClaim>;
  /** The template of a revision's name. */
  readonly templateOf: (revision: string) => PodTemplateSpec | undefined;
};

/** In the order of the steps. Throws ApiError at the first that cannot be done. */
export const applySteps = async (
  writer: MemberWriter,
  set: Stored<StatefulSet>,
  steps: readonly StatefulStep[],
): Promise<void> => {
  for (const step of steps) await applyStep(writer, set, step);
};

const applyStep = async (
  writer: MemberWriter,
  set: Stored<StatefulSet>,
  step: StatefulStep,
): Promise<unknown> => {
  switch (step.kind) {
    case 'create':
      return reported(writer, set, 'Create', podName(set, step.ordinal), () =>
        createMember(writer, set, step.ordinal, step.revision),
      );
    case 'delete': {
      const { metadata } = step.pod;
      return reported(writer, set, 'Delete', metadata.name, () =>
        unlessGone(writer.client.delete(pods, metadata, { uid: metadata.uid })),
      );
    }
    case 'label':
      return writer.client.patch(
        pods,
        step.pod.metadata,
        { metadata: { uid: step.pod.metadata.uid, labels: step.labels } },
        { type: 'application/merge-patch+json' },
      );
  }
};

const createMember = async (
  writer: MemberWriter,
  set: Stored<StatefulSet>,
  ordinal: number,
  revision: string,
): Promise<void> => {
  for (const claim of memberClaims(set, ordinal)) await createClaim(writer, set, ordinal, claim);
  const pod = memberPod(set, writer.templateOf(revision), revision, ordinal);
  await writer.client.create(pods, pod, set.metadata.namespace);
};

/** A claim that is there is the pod's from before. */
const createClaim = async (
  writer: MemberWriter,
  set: Stored<StatefulSet>,
  ordinal: number,
  claim: PersistentVolumeClaim,
): Promise<void> => {
  const present = writer.claims.get(keyOf(claim));
  if (present?.metadata.deletionTimestamp) throw new Error(`pvc ${present.metadata.name} is being deleted`);
  if (present) return;
  const message = `create Claim ${claim.metadata?.name} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name} success`;
  try {
    await writer.client.create(persistentVolumeClaims, claim, set.metadata.namespace);
    writer.events.record(statefulSets, set, { type: 'Normal', reason: 'SuccessfulCreate', message });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
};

/** Creating a pod that is there already is the cache's lateness, and nobody's concern. */
const reported = async (
  { events }: MemberWriter,
  set: Stored<StatefulSet>,
  verb: 'Create' | 'Delete',
  pod: string,
  act: () => Promise<unknown>,
): Promise<void> => {
  const what = `${verb.toLowerCase()} Pod ${pod} in StatefulSet ${set.metadata.name}`;
  try {
    await act();
    const message = `${what} successful`;
    events.record(statefulSets, set, { type: 'Normal', reason: `Successful${verb}`, message });
  } catch (error) {
    if (isAlreadyExists(error)) throw error;
    const message = `${what} failed error: ${error instanceof Error ? error.message : String(error)}`;
    events.record(statefulSets, set, { type: 'Warning', reason: `Failed${verb}`, message });
    throw error;
  }
};

/**
 * Before anything is deleted: the claims of a pod have to belong to the right owner when it goes. A pod that waits gets
 * back what somebody took from it.
 */
export const keepClaims = async (
  writer: MemberWriter,
  set: Stored<StatefulSet>,
  members: readonly Stored<Pod>[],
): Promise<void> => {
  for (const pod of members) {
    const ordinal = ordinalOf(set, pod);
    const isWaiting = pod.status?.phase === 'Pending' && pod.metadata.deletionTimestamp === undefined;
    for (const wanted of memberClaims(set, ordinal)) {
      const claim = writer.claims.get(keyOf(wanted));
      if (claim) await ownClaim(writer, set, pod, claim);
      else if (isWaiting) await createClaim(writer, set, ordinal, wanted);
    }
  }
};

const ownClaim = async (
  { client }: MemberWriter,
  set: Stored<StatefulSet>,
  pod: Stored<Pod>,
  claim: Stored<PersistentVolumeClaim>,
): Promise<void> => {
  const ownerReferences = claimOwners(set, pod, claim);
  if (!ownerReferences) return;
  const { uid, resourceVersion } = claim.metadata;
  await client.patch(
    persistentVolumeClaims,
    claim.metadata,
    { metadata: { uid, resourceVersion, ownerReferences } },
    { type: 'application/merge-patch+json' },
  );
};
