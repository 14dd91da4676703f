// The CronJob controller: Jobs at the times of a schedule.
import type { ApiClient } from '../../client/client.ts';
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Change, Informer } from '../../informer/informer.ts';
import { isConflict, isNotFound, unlessGone } from '../../k8s/api-error.ts';
import type { CronJob, Job } from '../../k8s/generated/types.ts';
import { type Stored, joinKey } from '../../k8s/objects.ts';
import { controllerOf } from '../../k8s/owner-references.ts';
import { cronJobs, jobs } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import { BY_CONTROLLER } from '../indexes.ts';
import { applyPlan } from './apply.ts';
import { compileCronJob } from './compile.ts';

export type CronJobControllerOptions = {
  readonly client: ApiClient;
  readonly cronJobs: Informer<CronJob>;
  /** With the index BY_CONTROLLER. */
  readonly jobs: Informer<Job>;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;

type Context = CronJobControllerOptions & {
  /** Key -> the version of the last status that was written: an older one in the cache would start a Job again. */
  readonly written: Map<string, bigint>;
};

/** Both informers must have synced: before that, absence means nothing. */
export const startCronJobController = (options: CronJobControllerOptions): Loop => {
  const context: Context = { ...options, written: new Map<string, bigint>() };
  const loop = startKeyedLoop({
    name: 'cronjob',
    concurrency: CONCURRENCY,
    isExpected: (error) => isConflict(error) || isNotFound(error),
    reconcile: (key) => reconcile(context, key),
    clock: options.clock,
    log: options.log,
  });
  return fedBy(loop, [
    options.cronJobs.subscribe(({ key }) => loop.mark(key)),
    options.jobs.subscribe((change) => ownersOf(change).forEach((key) => loop.mark(key))),
  ]);
};

const ownersOf = ({ before, after }: Change<Job>): readonly string[] =>
  [before, after].flatMap((job) => {
    const owner = job && controllerOf(job);
    return owner?.kind === cronJobs.kind ? [joinKey(job!.metadata.namespace, owner.name)] : [];
  });

const reconcile = async (context: Context, key: string): Promise<void | { readonly afterMs: number }> => {
  const { written, clock } = context;
  const cronJob = context.cronJobs.get(key);
  if (!cronJob) {
    written.delete(key);
    return undefined;
  }
  if (BigInt(cronJob.metadata.resourceVersion) < (written.get(key) ?? 0n)) return undefined;
  const plan = compileCronJob({ cronJob, jobs: await jobsOf(context, cronJob), nowMs: clock.now() });
  const after = await applyPlan(context, cronJob, plan);
  if (after) written.set(key, BigInt(after.metadata.resourceVersion));
  return plan.afterMs === undefined ? undefined : { afterMs: plan.afterMs };
};

/** Those of the cache, and those that the cache does not show yet although the status names them. */
const jobsOf = async (
  { client, jobs: informer }: Context,
  { metadata, status }: Stored<CronJob>,
): Promise<readonly Stored<Job>[]> => {
  const cached = informer.byIndex(BY_CONTROLLER, metadata.uid);
  const known = new Set(cached.map((job) => job.metadata.uid));
  const unseen = (status?.active ?? []).filter(({ uid = '' }) => !known.has(uid));
  const found = await Promise.all(
    unseen.map(async ({ name = '', uid }) => {
      const job = await unlessGone(client.get(jobs, { name, namespace: metadata.namespace }));
      return job?.metadata.uid === uid ? job : undefined;
    }),
  );
  return [...cached, ...found.filter((job) => job !== undefined)];
};
