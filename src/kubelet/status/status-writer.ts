// Writes pods' statuses: only what changed, and what can wait a little together with what follows.
import type { ApiClient } from '../../client/client.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Pod, PodStatus } from '../../k8s/generated/types.ts';
import { pods } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import { adoptPod } from '../pod/pod-record.ts';
import type { PodRecord } from '../pod/pod-record.ts';

/** A pod that starts changes several times within moments: one write tells all of it. */
const HOLD_MS = 250;

/** Writes the status, or returns in how many milliseconds it must be offered again. */
export const offerStatus = async (
  client: ApiClient,
  clock: Clock,
  record: PodRecord,
  status: PodStatus,
): Promise<{ readonly afterMs: number } | void> => {
  const text = JSON.stringify(status);
  if (text === record.sentStatus) return void (record.heldSinceMs = undefined);
  if (!isUrgent(record.pod.status ?? {}, status)) {
    record.heldSinceMs ??= clock.now();
    const leftMs = record.heldSinceMs + HOLD_MS - clock.now();
    if (leftMs > 0) return { afterMs: leftMs };
  }
  await writeStatus(client, record, status);
};

/** Writes at once. A conflict is resolved by taking the newer version and throwing: the caller computes again. */
export const writeStatus = async (client: ApiClient, record: PodRecord, status: PodStatus): Promise<void> => {
  const { pod } = record;
  try {
    adoptPod(record, (await client.updateStatus<Pod>(pods, { ...pod, status } as Pod)) as typeof pod);
    record.sentStatus = JSON.stringify(status);
    record.heldSinceMs = undefined;
  } catch (error) {
    if (isNotFound(error)) return; // deleted: the watch will tell
    if (isConflict(error)) adoptPod(record, await client.get(pods, refOf(pod)));
    throw error;
  }
};

const refOf = ({
  metadata,
}: PodRecord['pod']): { readonly namespace: string | undefined; readonly name: string } => ({
  namespace: metadata.namespace,
  name: metadata.name,
});

/** What people and controllers wait for: the phase, readiness, an end, a problem. */
const isUrgent = (before: PodStatus, after: PodStatus): boolean =>
  before.phase !== after.phase ||
  readyOf(before) !== readyOf(after) ||
  JSON.stringify(troubles(before)) !== JSON.stringify(troubles(after));

const readyOf = ({ conditions = [] }: PodStatus): string =>
  conditions.find(({ type }) => type === 'Ready')?.status ?? 'False';

const ORDINARY = new Set(['ContainerCreating', 'PodInitializing']);

const troubles = ({ containerStatuses = [], initContainerStatuses = [] }: PodStatus): readonly unknown[] =>
  [...containerStatuses, ...initContainerStatuses].flatMap(({ name, state, restartCount }) => {
    const waiting = state?.waiting?.reason ?? '';
    const trouble = ORDINARY.has(waiting) ? '' : waiting;
    const hasEnded = state?.terminated !== undefined;
    return trouble !== '' || hasEnded || restartCount > 0 ? [[name, trouble, hasEnded, restartCount]] : [];
  });
