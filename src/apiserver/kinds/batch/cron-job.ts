import type { CronJob } from '../../../k8s/generated/types.ts';
import { cronJobs } from '../../../k8s/resources.ts';
import { ageOf } from '../../columns/age.ts';
import {
  AGE,
  NAME,
  NONE,
  ageCell,
  booleans,
  containerCells,
  integers,
  nameCell,
  selectorCell,
  texts,
  wide,
} from '../../columns/columns.ts';
import { defaultJobTemplate } from '../../defaults/job.ts';
import { validateCronJob } from '../../validation/batch/cron-job.ts';
import { defineKind } from '../define-kind.ts';
import { nameWarnings } from './job.ts';

export const cronJobKind = defineKind<CronJob>({
  resource: cronJobs,
  singular: 'cronjob',
  shortNames: ['cj'],
  categories: ['all'],
  definition: 'io.k8s.api.batch.v1.CronJob',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [
    NAME,
    ...texts('Schedule', 'Timezone'),
    ...booleans('Suspend'),
    ...integers('Active'),
    ...texts('Last Schedule'),
    AGE,
    ...wide('Containers', 'Images', 'Selector'),
  ],
  row: (job, nowMs) => [
    nameCell(job),
    job.spec?.schedule ?? '',
    job.spec?.timeZone ?? NONE,
    job.spec?.suspend ? 'True' : 'False',
    job.status?.active?.length ?? 0,
    job.status?.lastScheduleTime ? ageOf(job.status.lastScheduleTime, nowMs) : NONE,
    ageCell(job, nowMs),
    ...containerCells(job.spec?.jobTemplate.spec?.template.spec?.containers),
    selectorCell(job.spec?.jobTemplate.spec?.selector),
  ],
  fields: {},
  applyDefaults: (job) => {
    const spec = (job.spec ??= { schedule: '', jobTemplate: {} });
    defaultJobTemplate(((spec.jobTemplate ??= {}).spec ??= { template: {} }));
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
  },
  prepareForCreate: (job) => {
    job.status = {};
  },
  validate: validateCronJob,
  warnings: ({ metadata }) => nameWarnings(metadata?.name ?? ''),
});
