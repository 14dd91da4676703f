// Runs the plan's actions, and turns their failures into waiting reasons, retry times and events.
import type { Container } from '../../k8s/generated/types.ts';
import { tell } from './context.ts';
import type { PodContext } from './context.ts';
import type { PodAction } from './pod-actions.ts';
import { freshSince, noteFailure } from './pod-record.ts';
import type { PodRecord } from './pod-record.ts';
import { makeVolumes, runSandbox, tearDown } from './sandbox-operations.ts';
import { startContainer } from './start-container.ts';
import { countStartFailure } from './start-figures.ts';
import { StartProblem } from './start-problem.ts';
import { stopContainer } from './stop-container.ts';
import { VolumeError } from '../volumes/set-up-volumes.ts';

export type Operations = {
  /** Never rejects. */
  readonly run: (record: PodRecord, action: PodAction, operation: string) => Promise<void>;
  /** What only has to be told. */
  readonly note: (record: PodRecord, action: PodAction) => void;
};

/** `beforeTearDown` writes the pod's last status while its containers are still known. */
export const createOperations = (
  context: PodContext,
  beforeTearDown: (record: PodRecord) => Promise<void>,
): Operations => {
  const perform = async (record: PodRecord, action: PodAction): Promise<void> => {
    switch (action.kind) {
      case 'set-up-volumes':
        await makeVolumes(context, record, freshSince(record, context.clock.now()));
        return void (record.hasVolumes = true);
      case 'run-sandbox':
        return runSandbox(context, record, action);
      case 'start-container':
        await startContainer(context, record, action.container, action.attempt);
        return void record.waiting.delete(action.container.name);
      case 'stop-container':
        return stopContainer(context, record, action);
      case 'stop-sandbox':
        return context.runtime.stopPodSandbox(action.sandboxId);
      case 'tear-down':
        await beforeTearDown(record);
        await tearDown(context, record);
        return void (record.isTornDown = true);
      case 'back-off':
      case 'wake':
    }
  };
  const run = async (record: PodRecord, action: PodAction, operation: string): Promise<void> => {
    try {
      await perform(record, action);
      record.retries.delete(operation);
    } catch (error) {
      failed(context, record, action, noteFailure(record, operation, context.clock.now()), error as Error);
    }
  };
  const note = (record: PodRecord, action: PodAction): void => {
    if (action.kind === 'back-off') tellBackOff(context, record, action.container, action.last.id);
  };
  return { run, note };
};

const failed = (
  context: PodContext,
  record: PodRecord,
  action: PodAction,
  retryAtMs: number,
  error: Error,
): void => {
  const { pod } = record;
  if (action.kind === 'start-container')
    return startFailed(context, record, action.container, retryAtMs, error);
  if (error instanceof VolumeError)
    return tell(context, pod, { type: 'Warning', reason: 'FailedMount', message: error.message });
  if (action.kind === 'run-sandbox') {
    const message = `Failed to create pod sandbox: ${error.message}`;
    return tell(context, pod, { type: 'Warning', reason: 'FailedCreatePodSandBox', message });
  }
  context.log.warn(
    { pod: pod.metadata.name, operation: action.kind, err: error },
    'operation failed, will retry',
  );
};

const startFailed = (
  context: PodContext,
  record: PodRecord,
  container: Container,
  retryAtMs: number,
  error: Error,
): void => {
  const isKnown = error instanceof StartProblem;
  if (!isKnown) context.log.warn({ pod: record.pod.metadata.name, err: error }, 'start failed, will retry');
  const reason = isKnown ? error.reason : 'RunContainerError';
  countStartFailure(record, container, reason);
  record.waiting.set(container.name, {
    reason,
    message: error.message,
    image: container.image,
    retryAtMs: (isKnown ? error.retryAtMs : undefined) ?? retryAtMs,
  });
  const message = isKnown ? error.event : `Error: ${error.message}`;
  tell(context, record.pod, { type: 'Warning', reason: 'Failed', message, container });
};

/** Once for each end of the container. */
const tellBackOff = (context: PodContext, record: PodRecord, container: Container, lastId: string): void => {
  if (record.backOffTold.has(lastId)) return;
  record.backOffTold.add(lastId);
  const { name, namespace, uid } = record.pod.metadata;
  const message = `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`;
  tell(context, record.pod, { type: 'Warning', reason: 'BackOff', message, container });
};
