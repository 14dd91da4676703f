// What a CronJob knows of its Jobs: which of them run, when one last succeeded, and which are too old to keep.
// kubernetes pkg/controller/cronjob/cronjob_controllerv2.go (1.36).
import type { EventFacts } from '../../client/event-recorder.ts';
import type { CronJob, CronJobStatus, Job, ObjectReference } from '../../k8s/generated/types.ts';
import { jobEnd } from '../../k8s/job-state.ts';
import type { Stored } from '../../k8s/objects.ts';
import { parseTime } from '../../k8s/time.ts';

export type History = {
  /** Jobs of the status that still run. */
  readonly active: readonly ObjectReference[];
  readonly lastSuccessfulTime: string | undefined;
  readonly events: readonly EventFacts[];
};

/** `jobs`: all that the CronJob owns; one of the status that is not among them is gone. */
export const readHistory = ({ status }: Stored<CronJob>, jobs: readonly Stored<Job>[]): History => {
  const jobByUid = new Map(jobs.map((job) => [job.metadata.uid, job]));
  const active = status?.active ?? [];
  const listed = new Set(active.map(({ uid }) => uid));
  const isRunning = ({ uid }: ObjectReference): boolean => {
    const job = jobByUid.get(uid ?? '');
    return job !== undefined && jobEnd(job) === undefined;
  };
  return {
    active: active.filter(isRunning),
    lastSuccessfulTime: lastSuccess(status, jobs),
    events: [
      ...jobs.flatMap((job) => jobEvents(job, listed.has(job.metadata.uid))),
      ...active.filter(({ uid }) => !jobByUid.has(uid ?? '')).map(missingEvent),
    ],
  };
};

const jobEvents = (job: Stored<Job>, isListed: boolean): readonly EventFacts[] => {
  const { name } = job.metadata;
  const end = jobEnd(job);
  if (!end && !isListed)
    return [
      {
        type: 'Warning',
        reason: 'UnexpectedJob',
        message: `Saw a job that the controller did not create or forgot: ${name}`,
      },
    ];
  if (!end || !isListed) return [];
  const message = `Saw completed job: ${name}, condition: ${end.type}`;
  return [{ type: 'Normal', reason: 'SawCompletedJob', message }];
};

const missingEvent = ({ name }: ObjectReference): EventFacts => ({
  type: 'Normal',
  reason: 'MissingJob',
  message: `Active job went missing: ${name}`,
});

const lastSuccess = (status: CronJobStatus | undefined, jobs: readonly Stored<Job>[]): string | undefined =>
  jobs
    .filter((job) => jobEnd(job)?.type === 'Complete')
    .map((job) => job.status?.completionTime)
    .reduce(later, status?.lastSuccessfulTime);

const later = (a: string | undefined, b: string | undefined): string | undefined =>
  parseTime(b) > parseTime(a) || a === undefined ? b : a;

/** The oldest ones beyond the limits, each kind for itself. */
export const expiredJobs = (
  { spec }: Stored<CronJob>,
  jobs: readonly Stored<Job>[],
): readonly Stored<Job>[] => {
  const beyond = (type: string, limit: number | undefined): readonly Stored<Job>[] => {
    if (limit === undefined) return [];
    const ended = jobs.filter((job) => jobEnd(job)?.type === type).toSorted(oldestFirst);
    return ended.slice(0, Math.max(0, ended.length - limit));
  };
  return [
    ...beyond('Complete', spec?.successfulJobsHistoryLimit),
    ...beyond('Failed', spec?.failedJobsHistoryLimit),
  ];
};

/** One that never started is the newest. */
const oldestFirst = (a: Stored<Job>, b: Stored<Job>): number => {
  const [first, second] = [a, b].map(({ status }) =>
    status?.startTime ? parseTime(status.startTime) : Infinity,
  );
  if (first !== second) return first! < second! ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
};
