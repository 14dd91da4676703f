import type { Job } from '../../../k8s/generated/types.ts';
import { dns1123Label } from '../../../k8s/name-rules.ts';
import { jobs } from '../../../k8s/resources.ts';
import {
  AGE,
  NAME,
  ageCell,
  containerCells,
  nameCell,
  selectorCell,
  texts,
  wide,
} from '../../columns/columns.ts';
import { completionsCell, jobDurationCell, jobStatusCell } from '../../columns/job-cells.ts';
import { defaultJobSpec } from '../../defaults/job.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { validateJobStatus } from '../../validation/batch/job-status.ts';
import { jobLabels, validateJob, validateJobUpdate } from '../../validation/batch/job.ts';
import { defineKind } from '../define-kind.ts';

export const jobKind = defineKind<Job>({
  resource: jobs,
  singular: 'job',
  shortNames: [],
  categories: ['all'],
  definition: 'io.k8s.api.batch.v1.Job',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [
    NAME,
    ...texts('Status', 'Completions', 'Duration'),
    AGE,
    ...wide('Containers', 'Images', 'Selector'),
  ],
  row: (job, nowMs) => [
    nameCell(job),
    jobStatusCell(job),
    completionsCell(job),
    jobDurationCell(job, nowMs),
    ageCell(job, nowMs),
    ...containerCells(job.spec?.template.spec?.containers),
    selectorCell(job.spec?.selector),
  ],
  fields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  orphansByDefault: true,
  applyDefaults: (job) => {
    defaultJobSpec((job.spec ??= { template: {} }));
    defaultLabels(job);
  },
  prepareForCreate: (job) => {
    job.status = {};
    if (!job.spec!.manualSelector) selectOwnPods(job);
    defaultLabels(job); // kube-apiserver fills them in when it reads the stored Job
  },
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  validateStatus: validateJobStatus,
  warnings: ({ metadata }) => nameWarnings(metadata?.name ?? ''),
});

const defaultLabels = (job: Mutable<Job>): void => {
  const labels = job.spec?.template.metadata?.labels;
  if (labels && Object.keys(job.metadata?.labels ?? {}).length === 0)
    job.metadata = { ...job.metadata, labels: { ...labels } };
};

/** By the Job's uid: no other object can have the same pods. */
const selectOwnPods = (job: Mutable<Job>): void => {
  const { template } = job.spec!;
  const generated = jobLabels(job.metadata?.name ?? '', job.metadata?.uid ?? '');
  const metadata = (template.metadata ??= {});
  metadata.labels = { ...generated, ...metadata.labels };
  const selector = (job.spec!.selector ??= {});
  selector.matchLabels ??= {};
  const own = 'batch.kubernetes.io/controller-uid';
  selector.matchLabels[own] ??= generated[own]!;
};

export const nameWarnings = (name: string): readonly string[] => {
  const findings = dns1123Label(name);
  return findings.length === 0
    ? []
    : [
        `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${findings.join(' ')}]`,
      ];
};
