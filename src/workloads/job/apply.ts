// Carries a Job's plan out. The order is what counts: the status names the pods before they lose their finalizer.
import { unlessGone } from '../../k8s/api-error.ts';
import type { Job, JobStatus, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { jobs, pods } from '../../k8s/resources.ts';
import { type PodWriter, type WriteFailure, writePods } from '../pods/write.ts';
import { isSameStatus } from '../same-status.ts';
import type { JobPlan } from './compile.ts';
import { reportConditions } from './events.ts';
import { jobPod } from './new-pod.ts';
import { TRACKING_FINALIZER, isTracked } from './pods.ts';

export type Applied = {
  /** The first failure to create or delete a pod. */
  readonly failure: WriteFailure | undefined;
  /** The Job with its new status, if it has one. */
  readonly written: Stored<Job> | undefined;
};

export const applyPlan = async (writer: PodWriter, job: Stored<Job>, plan: JobPlan): Promise<Applied> => {
  const isOver = plan.status.conditions?.some(({ type }) => OUTCOMES.has(type)) ?? false;
  // Pods that the end of the Job ends are counted with it; those that are merely too many do not count.
  if (!isOver) await releasePods(writer, plan.remove);
  const create = plan.create.map((place) => jobPod(job, place));
  const failure = await writePods(writer, job, create, plan.remove);
  const status = failure ? asBefore(job, plan) : plan.status;
  const written = isSameStatus(comparable(job.status), comparable(status))
    ? undefined
    : await writer.client.updateStatus(jobs, { ...job, status });
  reportConditions(writer.events, job, status);
  await releasePods(writer, plan.release);
  return { failure, written };
};

const OUTCOMES: ReadonlySet<string> = new Set(['FailureTarget', 'SuccessCriteriaMet']);

/** Which of the pods could be made is seen when the next step counts them. */
const asBefore = ({ status }: Stored<Job>, plan: JobPlan): JobStatus => ({
  ...plan.status,
  active: status?.active ?? 0,
});

const comparable = (status: JobStatus | undefined): object => {
  const { uncountedTerminatedPods: uncounted, ...rest } = status ?? {};
  const isEmpty = !uncounted?.succeeded?.length && !uncounted?.failed?.length;
  return isEmpty ? rest : { ...rest, uncountedTerminatedPods: uncounted };
};

/** Takes the finalizer away from those that have it. */
export const releasePods = async (
  { client }: Pick<PodWriter, 'client'>,
  released: readonly Stored<Pod>[],
): Promise<void> => {
  const patchOf = (uid: string): object => ({
    metadata: { uid, '$deleteFromPrimitiveList/finalizers': [TRACKING_FINALIZER] },
  });
  const type = 'application/strategic-merge-patch+json';
  const requests = released
    .filter(isTracked)
    .map(({ metadata }) => unlessGone(client.patch(pods, metadata, patchOf(metadata.uid), { type })));
  await Promise.all(requests);
};
