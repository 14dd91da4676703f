// The cells of a Job (kubernetes pkg/printers/internalversion/printers.go printJob).
import type { Job } from '../../k8s/generated/types.ts';
import { jobCondition, jobEnd } from '../../k8s/job-state.ts';
import { parseTime } from '../../k8s/time.ts';
import { humanDuration } from './age.ts';

export const jobStatusCell = (job: Job): string => {
  const end = jobEnd(job);
  if (end) return end.type;
  if (job.metadata?.deletionTimestamp) return 'Terminating';
  const shown = ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'];
  return shown.find((type) => jobCondition(job, type)) ?? 'Running';
};

/** `1/3`; without a number to reach, one success is enough. */
export const completionsCell = ({ spec, status }: Job): string => {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
};

export const jobDurationCell = ({ status }: Job, nowMs: number): string => {
  if (!status?.startTime) return '';
  const endMs = status.completionTime ? parseTime(status.completionTime) : nowMs;
  return humanDuration(endMs - parseTime(status.startTime));
};
