// What a Job's conditions say.
import type { Job, JobCondition } from './generated/types.ts';

type AnyJob = Pick<Job, 'status'>;

/** Undefined unless it is True. */
export const jobCondition = ({ status }: AnyJob, type: string): JobCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');

/** The condition that says how it ended: `Complete` or `Failed`; undefined while it goes on. */
export const jobEnd = (job: AnyJob): JobCondition | undefined =>
  jobCondition(job, 'Complete') ?? jobCondition(job, 'Failed');
