// Writes pods' statuses beside their workers: only what changed, and what can wait a little together with what follows.
import type { ApiClient } from '../../client/client.ts';
import { isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Pod, PodStatus } from '../../k8s/generated/types.ts';
import { keyOf } from '../../k8s/objects.ts';
import { pods } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { PodContext } from '../pod/context.ts';
import { adoptPod, noteFailure } from '../pod/pod-record.ts';
import type { PodRecord } from '../pod/pod-record.ts';

/** A pod that starts changes several times within moments: one write tells all of it. */
const HOLD_MS = 250;

/** In `retries`. */
const OPERATION = 'write-status';

type WriterContext = Pick<PodContext, 'client' | 'clock' | 'log'>;

/**
 * Starts to write the status, or returns in how many milliseconds it must be offered again. `onWritten` is called when a
 * write has ended, well or not: the status is to be computed and offered anew.
 */
export const offerStatus = (
  context: WriterContext,
  record: PodRecord,
  status: PodStatus,
  onWritten: () => void,
): { readonly afterMs: number } | void => {
  if (record.statusWrite) return;
  const waitMs = waitOf(context.clock, record, status);
  if (waitMs === undefined) return;
  if (waitMs > 0) return { afterMs: waitMs };
  record.statusWrite = tryToWrite(context, record, status).then(() => {
    record.statusWrite = undefined;
    onWritten();
  });
};

/** Undefined: there is nothing to write. */
const waitOf = (clock: Clock, record: PodRecord, status: PodStatus): number | undefined => {
  if (JSON.stringify(status) === record.sentStatus) return void (record.heldSinceMs = undefined);
  record.heldSinceMs ??= clock.now();
  const heldUntilMs = isUrgent(record.pod.status ?? {}, status) ? 0 : record.heldSinceMs + HOLD_MS;
  return Math.max(heldUntilMs, record.retries.get(OPERATION)?.atMs ?? 0) - clock.now();
};

/** A conflict that brought a newer version is no failure: what comes next is computed from that one. */
const tryToWrite = async (context: WriterContext, record: PodRecord, status: PodStatus): Promise<void> => {
  const { client, clock, log } = context;
  const { pod } = record;
  try {
    await writeStatus(client, record, status);
    record.retries.delete(OPERATION);
  } catch (error) {
    if (isConflict(error) && record.pod !== pod) return;
    noteFailure(record, OPERATION, clock.now());
    if (!isConflict(error) && !isNotFound(error))
      log.warn({ pod: keyOf(pod), err: error }, 'status not written, will retry');
  }
};

/**
 * Writes at once. Rejects with NotFound for a pod that is gone, which the watch will tell. A conflict is resolved by
 * taking the newer version and throwing: the caller computes again.
 */
export const writeStatus = async (client: ApiClient, record: PodRecord, status: PodStatus): Promise<void> => {
  const { pod } = record;
  try {
    adoptPod(record, (await client.updateStatus<Pod>(pods, { ...pod, status } as Pod)) as typeof pod);
    record.sentStatus = JSON.stringify(status);
    record.heldSinceMs = undefined;
  } catch (error) {
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
