// The Job that a CronJob makes.
import type { CronJob, Job } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { controllerReference } from '../../k8s/owner-references.ts';
import { cronJobs } from '../../k8s/resources.ts';
import { formatZonedTime } from '../../k8s/time.ts';

const SCHEDULED_AT = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** The same start has the same name: no Job is made twice. */
export const jobName = ({ metadata }: Stored<CronJob>, startMs: number): string =>
  `${metadata.name}-${Math.floor(startMs / 60_000)}`;

export const jobOf = (cronJob: Stored<CronJob>, startMs: number): Job => {
  const { jobTemplate, timeZone = 'UTC' } = cronJob.spec!;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return {
    metadata: {
      name: jobName(cronJob, startMs),
      ...(labels ? { labels } : {}),
      annotations: { ...annotations, [SCHEDULED_AT]: formatZonedTime(startMs, timeZone) },
      ownerReferences: [controllerReference(cronJobs, cronJob)],
    },
    spec: jobTemplate.spec!,
  };
};
