// Whether a Job is over, and why. kubernetes pkg/controller/job/job_controller.go syncJob (1.36).
import type { Job, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { jobCondition } from '../../k8s/job-state.ts';
import { parseTime } from '../../k8s/time.ts';
import { judgeFailure } from './failure-policy.ts';
import { isFailed } from './pods.ts';
import { metRule } from './success-policy.ts';
import type { JobSnapshot, Tally } from './tally.ts';

/** What the Job is going to. The last condition comes when no pod is left. */
export type Outcome = {
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet';
  readonly reason: string;
  readonly message: string;
};

/** What has been decided stays so. */
export const outcomeOf = (snapshot: JobSnapshot, tally: Tally): Outcome | undefined =>
  decided(snapshot.job) ?? failure(snapshot, tally) ?? success(snapshot, tally);

const decided = (job: Stored<Job>): Outcome | undefined => {
  for (const type of ['SuccessCriteriaMet', 'FailureTarget'] as const) {
    const condition = jobCondition(job, type);
    if (condition) return { type, reason: condition.reason ?? '', message: condition.message ?? '' };
  }
  return undefined;
};

const failed = (reason: string, message: string): Outcome => ({ type: 'FailureTarget', reason, message });

const failure = (snapshot: JobSnapshot, tally: Tally): Outcome | undefined => {
  const { job, pods } = snapshot;
  for (const pod of pods.filter((each) => isFailed(job, each))) {
    const verdict = judgeFailure(job, pod);
    if (verdict.action === 'FailJob') return failed('PodFailurePolicy', verdict.message);
  }
  const limit = job.spec?.backoffLimit ?? 6;
  if (tally.failed > limit || restartsExceed(job, pods, limit))
    return failed('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  const deadline = deadlineMs(job);
  if (deadline !== undefined && snapshot.nowMs >= deadline)
    return failed('DeadlineExceeded', 'Job was active longer than specified deadline');
  return indexFailure(job, tally);
};

/** When activeDeadlineSeconds is over; undefined if it does not run. */
export const deadlineMs = ({ spec, status }: Stored<Job>): number | undefined =>
  spec?.activeDeadlineSeconds === undefined || spec.suspend || !status?.startTime
    ? undefined
    : parseTime(status.startTime) + spec.activeDeadlineSeconds * 1000;

/** With OnFailure the containers are tried again in the same pod. */
const restartsExceed = ({ spec }: Stored<Job>, pods: readonly Stored<Pod>[], limit: number): boolean => {
  if (spec?.template.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return limit === 0 ? restarts > 0 : restarts >= limit;
};

const indexFailure = (
  { spec }: Stored<Job>,
  { failedIndexes, succeededIndexes }: Tally,
): Outcome | undefined => {
  const count = failedIndexes.size;
  if (spec?.maxFailedIndexes !== undefined && count > spec.maxFailedIndexes)
    return failed(
      'MaxFailedIndexesExceeded',
      'Job has exceeded the specified maximal number of failed indexes',
    );
  return count > 0 && count + succeededIndexes.size >= (spec?.completions ?? 0)
    ? failed('FailedIndexes', 'Job has failed indexes')
    : undefined;
};

const success = ({ job }: JobSnapshot, { succeededIndexes }: Tally): Outcome | undefined => {
  const message = metRule(job, succeededIndexes);
  return message === undefined ? undefined : { type: 'SuccessCriteriaMet', reason: 'SuccessPolicy', message };
};

/** All that should succeed has, and nothing runs any more. */
export const completion = ({ spec }: Stored<Job>, succeeded: number, active: number): Outcome | undefined => {
  const isEnough = spec?.completions === undefined ? succeeded > 0 : succeeded >= spec.completions;
  return isEnough && active === 0
    ? {
        type: 'SuccessCriteriaMet',
        reason: 'CompletionsReached',
        message: 'Reached expected number of succeeded pods',
      }
    : undefined;
};
