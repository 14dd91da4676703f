// A process runtime of its own for a test, with pods that have no network but lo.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IMAGE_FOLDER } from '../../src/embedded/cluster-files.ts';
import { adoptOrphans } from '../../src/kernel/orphans.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import { createProcessRuntime } from '../../src/runtime/process/process-runtime.ts';
import type { ContainerConfig, PodRuntime, PodSandboxConfig } from '../../src/runtime/runtime.ts';
import type { SandboxNetwork } from '../../src/runtime/sandbox-network.ts';
import { run } from './test-cluster.ts';

/** The name of a pod for which there is no address. */
export const NO_NETWORK = 'no-network';

/** Brings lo up; that is all. */
const loopbackOnly: SandboxNetwork = {
  attach: async (_id, { name }, path) => {
    if (name === NO_NETWORK) throw new Error('no address is left');
    await run('nsenter', [`--net=${path}`, 'ip', 'link', 'set', 'lo', 'up']);
    return { ips: ['127.0.0.1'], mtuBytes: 1500 };
  },
  publish: () => {},
  detach: async () => {},
};

export const containerConfig = (changes: Partial<ContainerConfig> = {}): ContainerConfig => ({
  name: 'c',
  attempt: 0,
  imageId: 'podnet/toolbox',
  command: [],
  args: [],
  workingDir: undefined,
  env: [],
  mounts: [],
  logPath: `${changes.name ?? 'c'}/0.log`,
  stdin: false,
  stdinOnce: false,
  tty: false,
  security: {
    privileged: false,
    runAsUser: undefined,
    runAsGroup: undefined,
    supplementalGroups: [],
    readonlyRootFilesystem: false,
    addCapabilities: [],
    dropCapabilities: [],
    noNewPrivileges: false,
    ...changes.security,
  },
  resources: {},
  ...changes,
});

export const sandboxConfig = (name: string, folder: string, uid: string): PodSandboxConfig => ({
  pod: { namespace: 'default', name: `pod-${uid}`, uid, attempt: 0 },
  hostname: `pod-${uid}`,
  logDirectory: join(folder, 'logs', uid),
  dns: { servers: ['10.96.0.10'], searches: ['default.svc.cluster.local'], options: ['ndots:5'] },
  hostNetwork: false,
  portMappings: [],
  sharedPid: false,
  sysctls: {},
  labels: {},
  annotations: {},
  cgroupParent: `/podnet/test-${name}/node-1/pod-${uid}`,
});

let isHeir = false;

/** A runtime over the folders of an earlier one, if there was one. Its process is the orphans' heir, as a cluster's is. */
export const createTestRuntime = (name: string, folder: string, joinUnified = false): Promise<PodRuntime> => {
  if (!isHeir) adoptOrphans();
  isHeir = true;
  return createProcessRuntime({
    clusterName: `test-${name}`,
    nodeName: 'node-1',
    stateFolder: join(folder, 'state/node-1/runtime'),
    runFolder: join(folder, 'run/node-1'),
    imageFolder: IMAGE_FOLDER,
    cgroupParent: `/podnet/test-${name}/node-1`,
    joinUnified,
    network: loopbackOnly,
    clock: systemClock,
    log: silentLog,
  });
};

/** For an agent of its own: a runtime over `folder` in which one container runs. */
export const runOneContainer = async (
  name: string,
  folder: string,
  changes: Partial<ContainerConfig> = {},
): Promise<{
  readonly runtime: PodRuntime;
  readonly sandboxId: string;
  readonly containerId: string;
}> => {
  const runtime = await createTestRuntime(name, folder);
  const sandboxId = await runtime.runPodSandbox(sandboxConfig(name, folder, 'one'));
  const config = containerConfig({ command: ['sleep', 'infinity'], ...changes });
  const containerId = await runtime.createContainer(sandboxId, config);
  await runtime.startContainer(containerId);
  return { runtime, sandboxId, containerId };
};

export type TestRuntime = {
  readonly folder: string;
  readonly runtime: PodRuntime;
  readonly sandbox: (changes?: Partial<PodSandboxConfig>) => Promise<string>;
  /** Creates and starts a container; its id. */
  readonly run: (sandboxId: string, changes: Partial<ContainerConfig>) => Promise<string>;
  readonly remove: () => Promise<void>;
};

/** `name` must be unique among tests that run together. */
export const startTestRuntime = async (name: string, joinUnified = false): Promise<TestRuntime> => {
  const folder = mkdtempSync(join(tmpdir(), 'podnet-test-runtime-'));
  const runtime = await createTestRuntime(name, folder, joinUnified);
  let count = 0;
  return {
    folder,
    runtime,
    sandbox: (changes) =>
      runtime.runPodSandbox({ ...sandboxConfig(name, folder, `uid-${++count}`), ...changes }),
    run: async (sandboxId, changes) => {
      const id = await runtime.createContainer(sandboxId, containerConfig(changes));
      await runtime.startContainer(id);
      return id;
    },
    remove: async () => {
      await runtime.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
