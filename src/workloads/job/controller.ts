// The Job controller: pods until enough have succeeded, or too many have failed.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Informer } from '../../informer/informer.ts';
import { unlessGone } from '../../k8s/api-error.ts';
import type { Job, JobCondition, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { jobEnd } from '../../k8s/job-state.ts';
import { jobs } from '../../k8s/resources.ts';
import { parseTime } from '../../k8s/time.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { claimPods } from '../pods/claim-pods.ts';
import { Expectations } from '../pods/expectations.ts';
import { startOwnerLoop } from '../pods/owner-loop.ts';
import { applyPlan } from './apply.ts';
import { compileJob, isManagedElsewhere } from './compile.ts';
import { deadlineMs } from './outcome.ts';
import { TRACKING_FINALIZER } from './pods.ts';

export type JobControllerOptions = {
  readonly client: ApiClient;
  readonly jobs: Informer<Job>;
  readonly pods: Informer<Pod>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;

type Context = JobControllerOptions & {
  readonly expectations: Expectations;
  /** Key -> the version of the last status that was written: an older one in the cache would count pods twice. */
  readonly written: Map<string, bigint>;
};

/** Both informers must have synced: before that, absence means nothing. */
export const startJobController = (options: JobControllerOptions): Loop => {
  const { jobs: owners, pods, clock, log } = options;
  const expectations = new Expectations(clock);
  const context: Context = { ...options, expectations, written: new Map<string, bigint>() };
  const selectorOf = ({ spec }: Stored<Job>) => spec?.selector;
  return startOwnerLoop({
    listener: { kind: 'Job', owners, selectorOf, expectations },
    pods,
    concurrency: CONCURRENCY,
    reconcile: (key) => reconcile(context, key),
    clock,
    log,
  });
};

const reconcile = async (context: Context, key: string): Promise<void | { readonly afterMs: number }> => {
  const { expectations, written } = context;
  const job = context.jobs.get(key);
  if (!job) {
    written.delete(key);
    return expectations.forget(key);
  }
  if (isManagedElsewhere(job) || isStale(context, key, job)) return undefined;
  const end = jobEnd(job);
  if (end) return expire(context, job, end);
  const selector = job.spec?.selector;
  const pods = await claimPods({
    ...context,
    resource: jobs,
    owner: job,
    selector,
    finalizer: TRACKING_FINALIZER,
  });
  const nowMs = context.clock.now();
  const plan = compileJob({ job, pods, nowMs }, expectations.areMet(key));
  const done = await applyPlan({ ...context, resource: jobs }, job, plan);
  if (done.written) written.set(key, BigInt(done.written.metadata.resourceVersion));
  if (done.failure) throw new Error(`${key}: ${done.failure.message}`); // again, after a back-off
  return later(nowMs, [plan.retryMs, deadlineMs(job)]);
};

const isStale = ({ written }: Context, key: string, { metadata }: Stored<Job>): boolean =>
  BigInt(metadata.resourceVersion) < (written.get(key) ?? 0n);

/** One that is over may be wanted for some time still. kubernetes pkg/controller/ttlafterfinished (1.36). */
const expire = async (
  { client, clock }: Context,
  job: Stored<Job>,
  end: JobCondition,
): Promise<void | { readonly afterMs: number }> => {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || job.metadata.deletionTimestamp) return undefined;
  const dueMs = parseTime(end.lastTransitionTime) + ttl * 1000;
  const nowMs = clock.now();
  if (dueMs > nowMs) return later(nowMs, [dueMs]);
  const { uid, resourceVersion } = job.metadata;
  const request = { uid, resourceVersion, propagationPolicy: 'Foreground' } as const;
  await unlessGone(client.delete(jobs, job.metadata, request));
  return undefined;
};

const later = (
  nowMs: number,
  times: readonly (number | undefined)[],
): void | { readonly afterMs: number } => {
  const nextMs = Math.min(...times.map((timeMs) => timeMs ?? Infinity));
  return nextMs === Infinity ? undefined : { afterMs: Math.max(0, nextMs - nowMs) };
};
