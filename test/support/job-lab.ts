// A Job and its pods without a cluster: what compileJob() decides is done at once, and pods end as the test tells them to.
import type { Job, JobSpec, JobStatus, Pod } from '../../src/k8s/generated/types.ts';
import type { Stored } from '../../src/k8s/objects.ts';
import { jobEnd } from '../../src/k8s/job-state.ts';
import { formatTime } from '../../src/k8s/time.ts';
import { type JobPlan, compileJob } from '../../src/workloads/job/compile.ts';
import { formatIndexes } from '../../src/workloads/job/indexes.ts';
import { jobPod } from '../../src/workloads/job/new-pod.ts';
import { indexOf } from '../../src/workloads/job/pods.ts';
import { storedAs } from './object-builders.ts';

const START = Date.parse('2026-01-01T12:00:00Z');

export const jobOf = (spec: Partial<JobSpec> = {}, status: JobStatus = {}): Stored<Job> =>
  storedAs({
    metadata: { name: 'pi', namespace: 'ns' },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } },
      ...spec,
    },
    status,
  });

const uidsOf = (pods: readonly Stored<Pod>[]): ReadonlySet<string> =>
  new Set(pods.map(({ metadata }) => metadata.uid));

export class JobLab {
  job: Stored<Job>;
  pods: Stored<Pod>[] = [];
  nowMs = START;
  #made = 0;

  constructor(spec: Partial<JobSpec> = {}) {
    this.job = jobOf(spec);
  }

  /** The controller leaves a Job that is over alone. */
  step(): JobPlan {
    if (jobEnd(this.job)) return { create: [], remove: [], release: [], status: this.job.status! };
    const plan = compileJob({ job: this.job, pods: this.pods, nowMs: this.nowMs }, true);
    const isOver = plan.status.conditions?.some(
      ({ type }) => type === 'FailureTarget' || type === 'SuccessCriteriaMet',
    );
    if (!isOver) this.#release(plan.remove);
    const removed = uidsOf(plan.remove);
    this.pods = this.pods.flatMap((pod) => (removed.has(pod.metadata.uid) ? this.#deleted(pod) : [pod]));
    for (const place of plan.create) this.#add(place);
    this.job = { ...this.job, status: plan.status };
    this.#release(plan.release);
    return plan;
  }

  /** Steps until nothing changes. */
  settle(): this {
    for (let round = 0; round < 50; round++) {
      const before = JSON.stringify([this.job, this.pods]);
      this.step();
      if (JSON.stringify([this.job, this.pods]) === before) return this;
    }
    throw new Error(`does not settle: ${JSON.stringify(this.job.status)}`);
  }

  end(phase: 'Succeeded' | 'Failed', pod: Stored<Pod> = this.active()[0]!, exitCode = 1): this {
    const terminated = { exitCode: phase === 'Failed' ? exitCode : 0, finishedAt: formatTime(this.nowMs) };
    const container = {
      name: 'c',
      image: '',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { terminated },
    };
    const status = { phase, containerStatuses: [container] };
    this.pods = this.pods.map((each) =>
      each.metadata.uid === pod.metadata.uid ? { ...each, status } : each,
    );
    return this;
  }

  wait(seconds: number): this {
    this.nowMs += seconds * 1000;
    return this;
  }

  change(spec: Partial<JobSpec>): this {
    this.job = { ...this.job, spec: { ...this.job.spec!, ...spec } };
    return this;
  }

  active(): Stored<Pod>[] {
    return this.pods.filter(({ status }) => status?.phase === 'Running');
  }

  indexes(): string {
    return formatIndexes(this.active().map((pod) => indexOf(this.job, pod)!));
  }

  conditions(): string {
    return (this.job.status?.conditions ?? [])
      .map(({ type, status, reason }) => `${type}${status === 'True' ? '' : '=False'} ${reason}`)
      .join(', ');
  }

  counts(): string {
    const { active = 0, succeeded = 0, failed = 0 } = this.job.status ?? {};
    return `${active} active, ${succeeded} succeeded, ${failed} failed`;
  }

  /** Somebody deletes it; it takes its time. */
  delete(pod: Stored<Pod>): this {
    const deletionTimestamp = formatTime(this.nowMs);
    this.pods = this.pods.map((each) =>
      each.metadata.uid === pod.metadata.uid
        ? { ...each, metadata: { ...each.metadata, deletionTimestamp } }
        : each,
    );
    return this;
  }

  #add(place: JobPlan['create'][number]): void {
    const made = jobPod(this.job, place);
    const name = `pod-${this.#made++}`;
    const creationTimestamp = formatTime(this.nowMs);
    this.pods.push(
      storedAs<Pod>({
        ...made,
        metadata: { ...made.metadata, name, namespace: 'ns', creationTimestamp },
        status: { phase: 'Running' },
      }),
    );
  }

  #release(pods: readonly Stored<Pod>[]): void {
    const uids = uidsOf(pods);
    this.pods = this.pods.map((pod) =>
      uids.has(pod.metadata.uid) ? { ...pod, metadata: { ...pod.metadata, finalizers: [] } } : pod,
    );
  }

  /** Its processes end at once. */
  #deleted(pod: Stored<Pod>): Stored<Pod>[] {
    if (!pod.metadata.finalizers?.length) return [];
    const deletionTimestamp = formatTime(this.nowMs);
    return [{ ...pod, metadata: { ...pod.metadata, deletionTimestamp }, status: { phase: 'Failed' } }];
  }
}
