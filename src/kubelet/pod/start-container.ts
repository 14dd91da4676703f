// The operation `start/NAME`: image, configuration, create, start, postStart hook.
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Container } from '../../k8s/generated/types.ts';
import type { ContainerConfig } from '../../runtime/runtime.ts';
import { containerEnv } from '../env/container-env.ts';
import { serviceVariables, servicesFor } from '../env/service-env.ts';
import type { Variable } from '../env/service-env.ts';
import { containerMounts } from '../volumes/mounts.ts';
import { nextBackOff } from './back-off.ts';
import { containerConfig } from './container-config.ts';
import { podIpsOf, tell } from './context.ts';
import type { PodContext } from './context.ts';
import { endingOf } from './ending.ts';
import { ensureImage } from './ensure-image.ts';
import { runHook } from './hooks.ts';
import { forgetContainer, freshSince } from './pod-record.ts';
import type { PodRecord } from './pod-record.ts';
import { nonRootProblem } from './security.ts';
import { countStart } from './start-figures.ts';
import { StartProblem, asProblem } from './start-problem.ts';

/** Throws StartProblem when the container does not run in the end. */
export const startContainer = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  attempt: number,
): Promise<void> => {
  await tidyAttempts(context, record, container, attempt);
  const imageId = await asProblem('ErrImagePull', () => ensureImage(context, record, container));
  const config = await asProblem('CreateContainerConfigError', () =>
    configure(context, record, container, { attempt, imageId }),
  );
  const id = await context.slots.run(async () =>
    isEnding(record, context) ? undefined : createAndStart(context, record, container, config),
  );
  if (id !== undefined) await postStart(context, record, container, id);
};

/** A pod may have been deleted while its container waited for its turn. */
const isEnding = ({ pod, isGone }: PodRecord, { clock }: PodContext): boolean =>
  endingOf(pod, isGone, clock.now()) !== undefined;

/** Counts the restart for the back-off, and keeps only the last attempt before this one, for `logs --previous`. */
const tidyAttempts = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  attempt: number,
): Promise<void> => {
  const { clock, runtime } = context;
  const { name } = container;
  const own = record.containers.filter((status) => status.name === name);
  const last = own.find((status) => status.attempt === attempt - 1 && status.state === 'exited');
  const failedAtMs = last?.finishedAtMs ?? last?.createdAtMs;
  if (failedAtMs !== undefined)
    record.backOffs.set(name, nextBackOff(record.backOffs.get(name), failedAtMs, clock.now()));
  const outdated = own.filter((status) => status !== last);
  await Promise.all(outdated.map(({ id }) => runtime.removeContainer(id)));
  for (const { id, logPath, attempt: old } of outdated) {
    forgetContainer(record, id);
    rmSync(join(logsOf(context, record), logPath), { force: true });
    rmSync(context.folders.terminationLog(record.uid, name, old), { force: true });
  }
};

const configure = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  { attempt, imageId }: { readonly attempt: number; readonly imageId: string },
): Promise<ContainerConfig> => {
  const { folders, runtime, capacity } = context;
  const { pod, uid } = record;
  const problem = nonRootProblem(pod, container, await runtime.imageStatus(imageId));
  if (problem) throw new Error(problem);
  const env = await environment(context, record, container);
  const mounts = containerMounts(container, { pod, folders, env, attempt });
  makeFile(folders.terminationLog(uid, container.name, attempt));
  const logPath = folders.logName(container.name, attempt);
  mkdirSync(dirname(join(logsOf(context, record), logPath)), { recursive: true });
  return containerConfig(container, {
    pod,
    attempt,
    imageId,
    env,
    mounts,
    logPath,
    memoryBytes: capacity.memoryBytes,
  });
};

const logsOf = ({ folders }: PodContext, { pod, uid }: PodRecord): string =>
  folders.logs({ namespace: pod.metadata.namespace!, name: pod.metadata.name, uid });

const environment = (
  context: PodContext,
  record: PodRecord,
  container: Container,
): Promise<readonly Variable[]> => {
  const { references, services, node, capacity } = context;
  const { pod } = record;
  const sinceMs = freshSince(record, context.clock.now());
  const namespace = pod.metadata.namespace!;
  const heard = servicesFor(
    services.ofNamespace(namespace),
    services.kubernetes(),
    pod.spec?.enableServiceLinks ?? true,
  );
  return containerEnv(container, {
    pod,
    podIps: podIpsOf(record, context),
    hostIps: node.addresses,
    serviceVariables: serviceVariables(heard),
    capacity,
    configMap: (name) => references.configMap(namespace, name, sinceMs),
    secret: (name) => references.secret(namespace, name, sinceMs),
  });
};

/** Every user may write its termination message. */
const makeFile = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
  chmodSync(path, 0o666); // past the umask
};

const createAndStart = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  config: ContainerConfig,
): Promise<string> => {
  const { runtime } = context;
  const sandboxId = record.sandbox!.id;
  const id = await asProblem('CreateContainerError', () => runtime.createContainer(sandboxId, config));
  record.images.set(id, container.image ?? '');
  tell(context, record.pod, { reason: 'Created', message: 'Container created', container });
  await asProblem('RunContainerError', () => runtime.startContainer(id));
  countStart(record, container);
  tell(context, record.pod, { reason: 'Started', message: 'Container started', container });
  return id;
};

/** A container whose hook fails is stopped, and restarted by its policy. */
const postStart = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  id: string,
): Promise<void> => {
  const hook = container.lifecycle?.postStart;
  if (!hook) return;
  try {
    await hookOrEnd(context, id, runHook(context, record, container, id, hook));
  } catch (error) {
    const { pod } = record;
    tell(context, pod, {
      type: 'Warning',
      reason: 'FailedPostStartHook',
      message: 'PostStartHook failed',
      container,
    });
    tell(context, pod, { reason: 'Killing', message: 'FailedPostStartHook', container });
    await context.runtime.stopContainer(id, pod.spec?.terminationGracePeriodSeconds ?? 30);
    throw new StartProblem('PostStartHookError', (error as Error).message, { cause: error });
  }
};

const LOOK_MS = 500;

/** A hook may hang for ever; then it ends with its container, when the pod is deleted say. */
const hookOrEnd = async ({ runtime, clock }: PodContext, id: string, hook: Promise<void>): Promise<void> => {
  let isOver = false;
  const end = async (): Promise<void> => {
    while (!isOver) {
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
      const status = await runtime.containerStatus(id);
      if (status?.state !== 'running') throw new Error('the container ended before its hook');
    }
  };
  try {
    await Promise.race([hook, end()]);
  } finally {
    isOver = true;
  }
};
