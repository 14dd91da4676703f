// Rules for a Job's status. Others than our controller may write it (`managedBy`), and clients count on what it says; what an
// update leaves as it was is not held against it (kubernetes pkg/apis/batch/validation/validation.go, validateJobStatus, and
// pkg/registry/batch/job/strategy.go, getStatusValidationOptions).
import { duplicate, invalid, invalidUnshown, required } from '../../../k8s/field-errors.ts';
import type { Job, JobStatus } from '../../../k8s/generated/types.ts';
import { jobCondition, jobEnd } from '../../../k8s/job-state.ts';
import { parseTime } from '../../../k8s/time.ts';
import { equalJson } from '../../../lang/json.ts';
import { type FieldErrors, when } from '../compose.ts';
import { FIELD_IMMUTABLE, notNegative } from '../scalars.ts';
import { type Transition, validateIndexStatus } from './index-status.ts';

export const validateJobStatus = (after: Job, before: Job): FieldErrors => {
  const transition = { after, before };
  return [
    ...counts(after.status ?? {}),
    ...uncounted(after.status ?? {}),
    ...contradictions(transition),
    ...times(transition),
    ...ofFinished(transition),
    ...validateIndexStatus(transition),
    ...successCriteria(transition),
    ...steps(transition),
  ];
};

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const;

const counts = (status: JobStatus): FieldErrors =>
  COUNTS.flatMap((name) => notNegative(status[name], `status.${name}`));

/** A pod is counted once, as one or the other. */
const uncounted = ({ uncountedTerminatedPods: pods }: JobStatus): FieldErrors => {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((name) =>
    (pods?.[name] ?? []).flatMap((uid, index) => {
      const path = `status.uncountedTerminatedPods.${name}[${index}]`;
      if (uid === '') return [invalid(path, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(path, uid)];
      seen.add(uid);
      return [];
    }),
  );
};

const has = (job: Job, type: string): boolean => jobCondition(job, type) !== undefined;

const changes = ({ after, before }: Transition, type: string): boolean =>
  has(after, type) !== has(before, type);

/** Whether the field of the status is another one. */
const differs = ({ after, before }: Transition, ...names: readonly (keyof JobStatus)[]): boolean =>
  names.some((name) => !equalJson(after.status?.[name], before.status?.[name]));

/** Findings on conditions show none of them: they can be long. */
const conditions = (isWrong: boolean, why: string): FieldErrors =>
  when(isWrong, () => invalidUnshown('status.conditions', why));

const contradictions = (transition: Transition): FieldErrors => {
  const { after } = transition;
  const [completes, fails] = [changes(transition, 'Complete'), changes(transition, 'Failed')];
  return [
    ...conditions(
      (completes || fails) && has(after, 'Complete') && has(after, 'Failed'),
      'cannot set Complete=True and Failed=true conditions',
    ),
    ...conditions(
      (completes || changes(transition, 'FailureTarget')) &&
        has(after, 'Complete') &&
        has(after, 'FailureTarget'),
      'cannot set Complete=True and FailureTarget=true conditions',
    ),
    ...conditions(
      (fails || differs(transition, 'failedIndexes')) && has(after, 'Failed') && !has(after, 'FailureTarget'),
      'cannot set Failed=True condition without the FailureTarget=true condition',
    ),
    ...conditions(
      (completes || changes(transition, 'SuccessCriteriaMet')) &&
        has(after, 'Complete') &&
        !has(after, 'SuccessCriteriaMet'),
      'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ),
  ];
};

const times = (transition: Transition): FieldErrors => {
  const { startTime, completionTime } = transition.after.status ?? {};
  const isComplete = has(transition.after, 'Complete');
  const path = 'status.completionTime';
  const isNews = changes(transition, 'Complete') || differs(transition, 'completionTime');
  return [
    ...when(isNews && completionTime !== undefined && !isComplete, () =>
      invalid(path, completionTime, 'cannot set completionTime when there is no Complete=True condition'),
    ),
    ...when(isNews && completionTime === undefined && isComplete, () =>
      required(path, 'completionTime is required for Complete jobs'),
    ),
    ...when(
      differs(transition, 'startTime', 'completionTime') && parseTime(completionTime) < parseTime(startTime),
      () => invalid(path, completionTime, 'must be equal to or after `startTime`'),
    ),
  ];
};

/** Of a Job that has ended nothing is left to do. */
const ofFinished = (transition: Transition): FieldErrors => {
  const { after, before } = transition;
  const { active = 0, ready, terminating = 0, startTime, uncountedTerminatedPods: pods } = after.status ?? {};
  const isFinished = jobEnd(after) !== undefined;
  const ends = isFinished !== (jobEnd(before) !== undefined);
  const neverStarts = after.spec?.suspend === true && after.spec.completions === 0;
  const looksAt = (...names: readonly (keyof JobStatus)[]): boolean =>
    isFinished && (ends || differs(transition, ...names));
  return [
    ...when(looksAt('active') && active > 0, () =>
      invalid('status.active', active, 'active>0 is invalid for finished job'),
    ),
    ...when(looksAt('startTime') && startTime === undefined && !neverStarts, () =>
      required('status.startTime', 'startTime is required for finished job'),
    ),
    ...when(
      looksAt('uncountedTerminatedPods') && (pods?.failed ?? []).length + (pods?.succeeded ?? []).length > 0,
      () => invalid('status.uncountedTerminatedPods', pods, 'must be empty for finished job'),
    ),
    ...when(looksAt('terminating') && terminating > 0, () =>
      invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'),
    ),
    ...when(differs(transition, 'ready', 'active') && (ready ?? 0) > active, () =>
      invalid('status.ready', ready, 'cannot set more ready pods than active'),
    ),
  ];
};

const successCriteria = ({ after, before }: Transition): FieldErrors => {
  const [isMet, wasMet] = [has(after, 'SuccessCriteriaMet'), has(before, 'SuccessCriteriaMet')];
  return [
    ...conditions(
      isMet && has(after, 'Failed'),
      'cannot set SuccessCriteriaMet=True and Failed=true conditions',
    ),
    ...conditions(
      isMet && has(after, 'FailureTarget'),
      'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ),
    ...conditions(
      after.spec?.successPolicy !== undefined && !isMet && has(after, 'Complete'),
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ),
    ...conditions(wasMet && !isMet, 'cannot disable the SuccessCriteriaMet=True condition'),
    ...conditions(
      has(before, 'Complete') && !wasMet && isMet,
      'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
    ),
  ];
};

/** What only goes forward. */
const steps = (transition: Transition): FieldErrors => {
  const { after, before } = transition;
  const [now, then] = [after.status ?? {}, before.status ?? {}];
  const { completionMode, completions, parallelism, suspend } = after.spec ?? {};
  // Both are lowered at once to leave out indexes.
  const mayShrink = completionMode === 'Indexed' && completions === parallelism;
  const decreases = (name: 'failed' | 'succeeded'): FieldErrors =>
    when((now[name] ?? 0) < (then[name] ?? 0), () =>
      invalid(`status.${name}`, now[name] ?? 0, `cannot decrease the ${name} counter`),
    );
  return [
    ...['Failed', 'Complete', 'FailureTarget'].flatMap((type) =>
      conditions(
        has(before, type) && !has(after, type),
        `cannot disable the terminal ${type}=True condition`,
      ),
    ),
    ...decreases('failed'),
    ...(mayShrink ? [] : decreases('succeeded')),
    ...when(
      now.completionTime !== undefined &&
        then.completionTime !== undefined &&
        differs(transition, 'completionTime'),
      () => invalid('status.completionTime', now.completionTime, FIELD_IMMUTABLE),
    ),
    ...when(
      then.startTime !== undefined && differs(transition, 'startTime') && !suspend && !resumes(transition),
      () =>
        invalid('status.startTime', now.startTime ?? null, 'field is immutable for unsuspended job once set'),
    ),
  ];
};

const resumes = ({ after, before }: Transition): boolean =>
  has(before, 'Suspended') &&
  (after.status?.conditions ?? []).some(({ type, status }) => type === 'Suspended' && status === 'False');
