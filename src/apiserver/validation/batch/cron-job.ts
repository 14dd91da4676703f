// Rules for CronJobs (kubernetes pkg/apis/batch/validation/validation.go).
import { isTimeZone, parseCronSchedule } from '../../../k8s/cron-schedule.ts';
import { invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type { CronJob, CronJobSpec, JobSpec } from '../../../k8s/generated/types.ts';
import { type FieldErrors, ifSet, when } from '../compose.ts';
import { notNegative, oneOf } from '../scalars.ts';
import { jobSpec } from './job.ts';

/** Its Jobs' names have 11 characters more, and at most 63. */
const NAME_MAX = 52;

export const validateCronJob = (
  { metadata, spec }: CronJob,
  _context: unknown,
  before?: CronJob,
): FieldErrors =>
  ifSet(spec, (value) => [
    ...schedule(value.schedule),
    ...notNegative(value.startingDeadlineSeconds, 'spec.startingDeadlineSeconds'),
    ...(before?.spec?.timeZone === value.timeZone ? [] : timeZone(value)),
    ...oneOf(value.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], 'spec.concurrencyPolicy'),
    ...jobTemplate(value.jobTemplate?.spec, 'spec.jobTemplate.spec'),
    ...notNegative(value.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit'),
    ...notNegative(value.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit'),
    ...when(!before && (metadata?.name ?? '').length > NAME_MAX, () =>
      invalid('metadata.name', metadata?.name, `must be no more than ${NAME_MAX} characters`),
    ),
  ]);

const schedule = (text: string | undefined): FieldErrors => {
  const path = 'spec.schedule';
  if (!text) return [required(path)];
  if (text.includes('TZ'))
    return [invalid(path, text, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead')];
  const parsed = parseCronSchedule(text);
  return parsed.ok ? [] : [invalid(path, text, parsed.reason)];
};

const timeZone = ({ timeZone: name }: CronJobSpec): FieldErrors =>
  ifSet(name, (zone) => {
    const path = 'spec.timeZone';
    if (zone === '') return [invalid(path, zone, 'timeZone must be nil or non-empty string')];
    if (zone.toLowerCase() === 'local')
      return [
        invalid(
          path,
          zone,
          'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
        ),
      ];
    return when(!isTimeZone(zone), () => invalid(path, zone, `unknown time zone ${zone}`));
  });

const jobTemplate = (spec: JobSpec | undefined, path: string): FieldErrors =>
  ifSet(spec, (value) => [
    ...jobSpec(value, path),
    ...when(value.selector !== undefined, () =>
      invalid(`${path}.selector`, value.selector, '`selector` will be auto-generated'),
    ),
    ...when(value.manualSelector === true, () =>
      notSupported(`${path}.manualSelector`, true, ['nil', 'false']),
    ),
  ]);
