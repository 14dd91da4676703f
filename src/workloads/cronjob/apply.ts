// Carries a CronJob's plan out: Jobs are replaced, made and thrown away, and the status says which of them run.
import type { ApiClient } from '../../client/client.ts';
import type { EventFacts, EventRecorder } from '../../client/event-recorder.ts';
import { isAlreadyExists, isNamespaceTerminating, unlessGone } from '../../k8s/api-error.ts';
import type { CronJob, CronJobStatus, Job, ObjectReference } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { controllerOf } from '../../k8s/owner-references.ts';
import { apiVersionOf, cronJobs, jobs } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import { isSameStatus } from '../same-status.ts';
import type { CronPlan } from './compile.ts';
import { jobOf } from './job.ts';

export type CronWriter = { readonly client: ApiClient; readonly events: EventRecorder };

/** Returns the CronJob with its new status, if it has one. Throws ApiError: what is left comes with the next try. */
export const applyPlan = async (
  writer: CronWriter,
  cronJob: Stored<CronJob>,
  plan: CronPlan,
): Promise<Stored<CronJob> | undefined> => {
  for (const facts of plan.events) writer.events.record(cronJobs, cronJob, facts);
  const { replaced = [], startMs } = plan;
  for (const job of replaced) await deleteJob(writer, cronJob, job);
  const started = startMs === undefined ? undefined : await startJob(writer, cronJob, startMs);
  for (const { metadata } of plan.expired) await deleteJob(writer, cronJob, metadata);
  const status: CronJobStatus = {
    ...cronJob.status,
    ...(started ? { lastScheduleTime: formatTime(startMs!) } : {}),
    ...(plan.lastSuccessfulTime ? { lastSuccessfulTime: plan.lastSuccessfulTime } : {}),
    active: [
      ...plan.active.filter((job) => !replaced.includes(job)),
      ...(started ? [referenceTo(started)] : []),
    ],
  };
  if (isSameStatus(cronJob.status, status)) return undefined;
  return writer.client.updateStatus(cronJobs, { ...cronJob, status });
};

/** Undefined if there is nothing to note: another's Job has the name, or the namespace goes. */
const startJob = async (
  { client, events }: CronWriter,
  cronJob: Stored<CronJob>,
  startMs: number,
): Promise<Stored<Job> | undefined> => {
  const { namespace, uid } = cronJob.metadata;
  const wanted = jobOf(cronJob, startMs);
  try {
    const job = await client.create(jobs, wanted, namespace);
    events.record(cronJobs, cronJob, normal('SuccessfulCreate', `Created job ${job.metadata.name}`));
    return job;
  } catch (error) {
    if (isNamespaceTerminating(error)) return undefined;
    if (!isAlreadyExists(error)) {
      events.record(cronJobs, cronJob, warning('FailedCreate', `Error creating job: ${textOf(error)}`));
      throw error;
    }
    // Made before, and the status could not be written.
    const present = await client.get(jobs, { name: wanted.metadata!.name!, namespace });
    return controllerOf(present)?.uid === uid ? present : undefined;
  }
};

const deleteJob = async (
  { client, events }: CronWriter,
  cronJob: Stored<CronJob>,
  { name = '', uid = '' }: { readonly name?: string | undefined; readonly uid?: string | undefined },
): Promise<void> => {
  const { namespace } = cronJob.metadata;
  try {
    await unlessGone(client.delete(jobs, { name, namespace }, { uid, propagationPolicy: 'Background' }));
    events.record(cronJobs, cronJob, normal('SuccessfulDelete', `Deleted job ${name}`));
  } catch (error) {
    events.record(cronJobs, cronJob, warning('FailedDelete', `Deleted job: ${textOf(error)}`));
    throw error;
  }
};

const referenceTo = ({ metadata }: Stored<Job>): ObjectReference => ({
  apiVersion: apiVersionOf(jobs),
  kind: jobs.kind,
  name: metadata.name,
  namespace: metadata.namespace,
  uid: metadata.uid,
  resourceVersion: metadata.resourceVersion,
});

const normal = (reason: string, message: string): EventFacts => ({ type: 'Normal', reason, message });
const warning = (reason: string, message: string): EventFacts => ({ type: 'Warning', reason, message });

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
