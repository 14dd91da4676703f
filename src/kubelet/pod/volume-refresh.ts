// Keeps the files of configMap, secret, projected and downwardAPI volumes up to date while their pods run.
import { keyOf } from '../../k8s/objects.ts';
import type { Timer } from '../../lang/clock.ts';
import type { PodContext } from './context.ts';
import type { PodRecord } from './pod-record.ts';
import { labelsText, makeVolumes } from './sandbox-operations.ts';

export type VolumeRefresh = {
  /** From now on the pod's files are looked after once a minute. */
  readonly keepFresh: (record: PodRecord) => void;
  /** Writes the files anew at once when the pod's labels or annotations have changed. */
  readonly followLabels: (record: PodRecord) => void;
  readonly stop: () => void;
};

const PERIOD_MS = 60_000;

export const createVolumeRefresh = (context: PodContext): VolumeRefresh => {
  const { clock, log } = context;
  const timers = new Map<string, Timer>();
  let isStopped = false;
  const refresh = async (record: PodRecord): Promise<void> => {
    try {
      // Half a period old is fresh enough: pods of a node that use the same ConfigMap share a request.
      await makeVolumes(context, record, clock.now() - PERIOD_MS / 2);
    } catch (error) {
      log.debug({ pod: keyOf(record.pod), err: error }, 'volumes not refreshed');
    }
  };
  const keepFresh = (record: PodRecord): void => {
    timers.get(record.uid)?.cancel();
    const next = (): void => {
      timers.delete(record.uid);
      if (!isOver(record)) void refresh(record).then(() => keepFresh(record));
    };
    if (!isStopped && !isOver(record)) timers.set(record.uid, clock.after(PERIOD_MS, next));
  };
  const followLabels = (record: PodRecord): void => {
    if (record.hasVolumes && !isOver(record) && record.writtenLabels !== labelsText(record.pod))
      void refresh(record);
  };
  const stop = (): void => {
    isStopped = true;
    for (const timer of timers.values()) timer.cancel();
    timers.clear();
  };
  return { keepFresh, followLabels, stop };
};

const isOver = ({ isTornDown, busy, isGone }: PodRecord): boolean =>
  isTornDown || isGone || busy.has('tear-down');
