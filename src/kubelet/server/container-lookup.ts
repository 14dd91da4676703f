// Which container a request means, or what to answer if there is none.
import type { ContainerStatus } from '../../runtime/runtime.ts';
import type { PodRecord } from '../pod/pod-record.ts';
import { allContainersOf, specOf, statusOf } from '../pod/pod-view.ts';
import type { PodWorkers } from '../pod/pod-workers.ts';
import type { ContainerPath, PodPath } from './route.ts';

/** An answer that is not the one hoped for: plain text, which the API server wraps into a Status. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const findPod = (workers: PodWorkers, { namespace, pod }: PodPath): PodRecord => {
  const record = workers.find(`${namespace}/${pod}`);
  if (!record)
    throw new HttpProblem(
      404,
      `pod ${JSON.stringify(pod)} not found in namespace ${JSON.stringify(namespace)}`,
    );
  return record;
};

export const findRunning = (record: PodRecord, { container }: ContainerPath): ContainerStatus => {
  const found = record.containers.find(({ name, state }) => name === container && state === 'running');
  if (!found) throw new HttpProblem(404, `container not found (${JSON.stringify(container)})`);
  return found;
};

/** The container whose log is meant: the latest that has run, or with `previous` the one before it. */
export const findLogged = (record: PodRecord, path: ContainerPath, previous: boolean): ContainerStatus => {
  const { container, pod } = path;
  if (!allContainersOf(specOf(record)).some(({ name }) => name === container))
    throw new HttpProblem(404, `container "${container}" not found in pod "${pod}"`);
  const attempts = record.containers
    .filter(({ name, state }) => name === container && (state === 'running' || state === 'exited'))
    .sort((a, b) => b.attempt - a.attempt);
  const found = previous ? attempts.filter(isBeforeLatest(attempts[0]))[0] : attempts[0];
  if (found) return found;
  if (previous)
    throw new HttpProblem(400, `previous terminated container "${container}" in pod "${pod}" not found`);
  throw new HttpProblem(400, waitingMessage(record, path));
};

/** With a container that waits for its restart the latest end is the previous one, as in its status. */
const isBeforeLatest =
  (latest: ContainerStatus | undefined) =>
  (each: ContainerStatus): boolean =>
    each !== latest || latest.state === 'exited';

const waitingMessage = (record: PodRecord, { container, pod }: ContainerPath): string => {
  const reason = statusOf(record, container)?.state?.waiting?.reason ?? 'ContainerCreating';
  if (reason === 'ErrImagePull' || reason === 'ImagePullBackOff')
    return `container "${container}" in pod "${pod}" is waiting to start: trying and failing to pull image`;
  return `container "${container}" in pod "${pod}" is waiting to start: ${reason}`;
};
