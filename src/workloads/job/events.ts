// What a Job's events say, as those of kube-controller-manager do.
import type { EventFacts, EventRecorder } from '../../client/event-recorder.ts';
import type { Job, JobCondition, JobStatus } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { jobs } from '../../k8s/resources.ts';

/** An event for each condition of `status` that `job` does not have yet. */
export const reportConditions = (events: EventRecorder, job: Stored<Job>, status: JobStatus): void => {
  const before = job.status?.conditions ?? [];
  for (const condition of status.conditions ?? []) {
    const known = before.find(({ type }) => type === condition.type);
    if (known?.status === condition.status) continue;
    for (const facts of eventsOf(job, status, condition)) events.record(jobs, job, facts);
  }
};

const eventsOf = (
  { spec }: Stored<Job>,
  { succeeded = 0 }: JobStatus,
  { type, status, reason = '', message = '' }: JobCondition,
): readonly EventFacts[] => {
  switch (type) {
    case 'Complete':
      return succeeded > (spec?.completions ?? Infinity) ? [TOO_MANY, COMPLETED] : [COMPLETED];
    case 'Failed':
      return [{ type: 'Warning', reason, message }];
    case 'Suspended':
      return [{ type: 'Normal', reason: status === 'True' ? 'Suspended' : 'Resumed', message }];
    default:
      return [];
  }
};

const COMPLETED: EventFacts = { type: 'Normal', reason: 'Completed', message: 'Job completed' };
const TOO_MANY: EventFacts = {
  type: 'Warning',
  reason: 'TooManySucceededPods',
  message: 'Too many succeeded pods running after completion count reached',
};
