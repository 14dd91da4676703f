// How long a Job waits before it tries again: 10 s after the first failure, then twice as long each time, up to 10
// minutes. Failures that a policy ignores are waited for too. kubernetes pkg/controller/job/backoff_utils.go (1.36).
// Told from the pods that are there: a failed pod that somebody removes is not waited for.
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { failuresBefore, finishedMs, isFailed } from './pods.ts';
import type { JobSnapshot } from './tally.ts';

const FIRST_MS = 10_000;
const MOST_MS = 10 * 60_000;

/** Beyond this many doublings the delay is MOST_MS in any case. */
const DOUBLINGS_MAX = 30;

const delayMs = (failures: number): number =>
  failures === 0 ? 0 : Math.min(FIRST_MS * 2 ** Math.min(failures - 1, DOUBLINGS_MAX), MOST_MS);

/** When the next pod may be made, in milliseconds since the epoch: by the failures since the last success. */
export const retryMs = ({ job, pods }: JobSnapshot): number => {
  const ends = (isEnded: (pod: Stored<Pod>) => boolean): number[] => pods.filter(isEnded).map(finishedMs);
  const succeeded = ends(({ status }) => status?.phase === 'Succeeded');
  const lastSuccessMs = succeeded.reduce((last, endMs) => Math.max(last, endMs), 0);
  const failed = ends((pod) => isFailed(job, pod)).filter((endMs) => endMs > lastSuccessMs);
  return failed.reduce((last, endMs) => Math.max(last, endMs), 0) + delayMs(failed.length);
};

/** The same for one index, by its last failed pod. */
export const indexRetryMs = (last: Stored<Pod> | undefined): number => {
  if (!last) return 0;
  const { counted, ignored } = failuresBefore(last);
  return finishedMs(last) + delayMs(counted + ignored + 1);
};
