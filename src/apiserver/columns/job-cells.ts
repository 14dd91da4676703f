// The cells of a Job (kubernetes pkg/printers/internalversion/printers.go printJob).
import type { Job } from '../../k8s/generated/types.ts';
import { parseTime } from '../../k8s/time.ts';
import { humanDuration } from './age.ts';

export const jobStatusCell = ({ metadata, status }: Job): string => {
  const has = (type: string): boolean =>
    (status?.conditions ?? []).some((each) => each.type === type && each.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (metadata?.deletionTimestamp) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
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
