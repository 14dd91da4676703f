// What kube-apiserver fills into a Job (kubernetes pkg/apis/batch/v1/defaults.go).
import type { JobSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';
import { defaultPodTemplate } from './pod-spec.ts';

const NO_LIMIT = 2 ** 31 - 1;

export const defaultJobSpec = (spec: Mutable<JobSpec>): void => {
  defaultJobTemplate(spec);
  if (spec.parallelism === undefined) spec.completions ??= 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : NO_LIMIT;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
  spec.manualSelector ??= false;
};

/** In a CronJob the Job stays as it was written: its defaults come when it is made. */
export const defaultJobTemplate = (spec: Mutable<JobSpec>): void => {
  defaultPodTemplate((spec.template ??= {}));
  for (const rule of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True';
};
