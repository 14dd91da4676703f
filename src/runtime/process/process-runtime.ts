// The `process` runtime: containers are processes of this machine, started by crun in namespaces of their own.
// Only wiring; decision 0002 says why crun.
import { join } from 'node:path';
import { type ImageStore, openImageStore } from '../../images/store.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { type PodRuntime, type PodSandboxStatus, RuntimeError, type RuntimeEvent } from '../runtime.ts';
import type { SandboxNetwork } from '../sandbox-network.ts';
import { inspectCgroups, makeUnified, removeCgroups, removeEmptyParents } from './cgroups.ts';
import { type Containers, createContainers } from './containers.ts';
import { createCrun } from './crun.ts';
import { attachTo, execIn, execToEnd } from './exec.ts';
import { createImageService, findImage } from './images.ts';
import { isPidHolder, pidHolderConfig } from './pid-holder.ts';
import { openPortForward } from './port-forward.ts';
import { type ContainerRecord, type SandboxRecord, openRecords } from './records.ts';
import { type Sandboxes, createSandboxes, sandboxStatus } from './sandboxes.ts';

export type ProcessRuntimeOptions = {
  readonly clusterName: string;
  readonly nodeName: string;
  /** Records, bundles, and what containers write to their root file system. */
  readonly stateFolder: string;
  /** crun's records of what runs. */
  readonly runFolder: string;
  readonly imageFolder: string;
  /** The node's cgroup, e.g. `/podnet/CLUSTER/NODE`. */
  readonly cgroupParent: string;
  /** Whether pods are also in the hierarchy of version 2 where the machine has it beside version 1. */
  readonly joinUnified: boolean;
  readonly network: SandboxNetwork;
  readonly clock: Clock;
  readonly log: Log;
};

/** Every cluster has it: see images/build. */
const HOLDER_IMAGE = 'podnet/toolbox';

/** Finds what an earlier runtime left on record: sandboxes as they are, containers ended. */
export const createProcessRuntime = async (options: ProcessRuntimeOptions): Promise<PodRuntime> => {
  const { clusterName, nodeName, stateFolder, runFolder, network, clock, log } = options;
  const cgroups = inspectCgroups(options.cgroupParent);
  if (!cgroups.isWritable) log.warn({}, 'cgroups cannot be made here: containers run without limits');
  const store = openImageStore(options.imageFolder);
  const sandboxes = createSandboxes({
    clusterName,
    nodeName,
    folder: join(stateFolder, 'sandboxes'),
    runFolder,
    network,
    clock,
  });
  const rootfs = join(stateFolder, 'rootfs');
  const crun = createCrun({
    root: join(runFolder, 'crun'),
    rootfs,
    useCgroups: cgroups.isWritable,
    hiddenMount: cgroups.hiddenMount,
  });
  const listeners = new Set<(event: RuntimeEvent) => void>();
  const onChange = (type: RuntimeEvent['type'], record: { id: string; sandboxId: string }): void => {
    for (const listener of listeners) listener({ type, sandboxId: record.sandboxId, containerId: record.id });
  };
  const records = openRecords<ContainerRecord>(join(stateFolder, 'containers'));
  const containers = createContainers({
    dependencies: { records, crun, socketFolder: runFolder, clock, log, onChange },
    sandboxes,
    store,
    rootfs,
    useCgroups: cgroups.isWritable,
    extraCgroup: options.joinUnified ? makeUnified : () => undefined,
    nodeName,
  });
  const execOptions = { crun, socketFolder: runFolder, clock };
  return {
    ...createImageService(store),
    ...sandboxCalls({ sandboxes, containers, store }),
    ...containerCalls(containers),
    execSync: async (id, command, timeoutMs) =>
      execToEnd(execOptions, containers.get(id), command, timeoutMs),
    exec: async (id, request) => execIn(execOptions, containers.get(id), request),
    attach: async (id, request) => attachTo(containers.get(id), request),
    portForward: async (id, port) => openPortForward(sandboxOf(sandboxes, id), port),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {
      await removeAll({ sandboxes, containers, store }, log);
      removeCgroups(options.cgroupParent);
      removeEmptyParents(options.cgroupParent);
    },
  };
};

const sandboxOf = (sandboxes: Sandboxes, id: string): SandboxRecord => {
  const sandbox = sandboxes.get(id);
  if (!sandbox) throw new RuntimeError('SANDBOX_NOT_FOUND', `there is no sandbox ${id}`);
  return sandbox;
};

type Parts = {
  readonly sandboxes: Sandboxes;
  readonly containers: Containers;
  readonly store: ImageStore;
};

const sandboxCalls = ({
  sandboxes,
  containers,
  store,
}: Parts): Pick<
  PodRuntime,
  'runPodSandbox' | 'stopPodSandbox' | 'removePodSandbox' | 'podSandboxStatus' | 'listPodSandbox'
> => {
  const stop = async (id: string): Promise<void> => {
    await Promise.all(containers.list(id).map((container) => container.stop(0)));
    await sandboxes.stop(id);
  };
  const remove = async (id: string): Promise<void> => {
    await stop(id);
    await Promise.all(containers.list(id).map(({ record }) => containers.remove(record.id)));
    sandboxes.remove(id);
  };
  const run: PodRuntime['runPodSandbox'] = async (config) => {
    const id = await sandboxes.run(config);
    try {
      if (config.sharedPid) await startPidHolder(containers, store, id);
    } catch (error) {
      await remove(id);
      throw error;
    }
    return id;
  };
  return {
    runPodSandbox: run,
    stopPodSandbox: stop,
    removePodSandbox: remove,
    podSandboxStatus: async (id) => {
      const sandbox = sandboxes.get(id);
      return sandbox && statusOf(containers, sandbox);
    },
    listPodSandbox: async () => sandboxes.list().map((sandbox) => statusOf(containers, sandbox)),
  };
};

const startPidHolder = async (
  containers: Containers,
  store: ImageStore,
  sandboxId: string,
): Promise<void> => {
  const image = findImage(store, HOLDER_IMAGE);
  if (!image)
    throw new RuntimeError(
      'CREATE_FAILED',
      `shareProcessNamespace needs image ${HOLDER_IMAGE}, which is not in the local store: podnet image build`,
    );
  await containers.start(await containers.create(sandboxId, pidHolderConfig(image.id)));
};

/** With its first process a shared pid namespace has ended, and the pod with it. */
const statusOf = (containers: Containers, sandbox: SandboxRecord): PodSandboxStatus => {
  const status = sandboxStatus(sandbox);
  const isHeld = containers
    .list(sandbox.id)
    .some(({ record }) => isPidHolder(record) && record.state === 'running');
  return sandbox.config.sharedPid && !isHeld ? { ...status, state: 'not-ready' } : status;
};

const containerCalls = (
  containers: Containers,
): Pick<
  PodRuntime,
  | 'createContainer'
  | 'startContainer'
  | 'stopContainer'
  | 'removeContainer'
  | 'containerStatus'
  | 'listContainers'
> => ({
  createContainer: containers.create,
  startContainer: containers.start,
  stopContainer: async (id, graceSeconds) => containers.find(id)?.stop(graceSeconds),
  removeContainer: containers.remove,
  containerStatus: async (id) => containers.find(id)?.status(),
  listContainers: async (sandboxId) =>
    containers
      .list(sandboxId)
      .filter(({ record }) => !isPidHolder(record))
      .map((container) => container.status()),
});

/** Nobody would watch over containers that outlive this process: they end with it. */
const removeAll = async (parts: Parts, log: Log): Promise<void> => {
  const { removePodSandbox } = sandboxCalls(parts);
  const removals = parts.sandboxes.list().map(async ({ id }) => {
    await removePodSandbox(id).catch((error: unknown) =>
      log.warn({ sandbox: id, error: String(error) }, 'cannot remove a pod'),
    );
  });
  await Promise.all(removals);
};
