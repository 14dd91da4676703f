// Makes containers from images and configurations, and finds them again after a restart of the agent.
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { resolveScoped } from '../../images/scoped-path.ts';
import type { Image } from '../../images/image-index.ts';
import type { ImageStore } from '../../images/store.ts';
import { leastOomScoreAdj } from '../../kernel/oom-score.ts';
import { netnsPath } from '../../kernel/netns.ts';
import { type ContainerConfig, RuntimeError } from '../runtime.ts';
import { type ImageProcess, type OciSpec, bundleSpec } from './bundle.ts';
import { Container, type ContainerDependencies, type ContainerPlace } from './container.ts';
import { findImage } from './images.ts';
import { type MemoryLimit, containerCgroup, limitMemory, needsOwnCgroup } from './memory-limit.ts';
import { isPidHolder } from './pid-holder.ts';
import { podMounts } from './pod-files.ts';
import { podIpcIn } from './pod-ipc.ts';
import type { ContainerRecord, SandboxRecord } from './records.ts';
import type { Sandboxes } from './sandboxes.ts';
import { type ProcessUser, resolveUser } from './user.ts';

export type ContainersOptions = {
  readonly dependencies: ContainerDependencies;
  readonly sandboxes: Sandboxes;
  readonly store: ImageStore;
  readonly rootfs: string;
  readonly useCgroups: boolean;
  /** Where a pod's processes are to be besides: see Bundle. */
  readonly extraCgroup: (path: string) => string | undefined;
  readonly nodeName: string;
};

export type Containers = {
  readonly create: (sandboxId: string, config: ContainerConfig) => Promise<string>;
  readonly start: (id: string) => Promise<void>;
  /** With all that it wrote; its log stays. Idempotent. */
  readonly remove: (id: string) => Promise<void>;
  readonly find: (id: string) => Container | undefined;
  /** Throws CONTAINER_NOT_FOUND. */
  readonly get: (id: string) => Container;
  readonly list: (sandboxId?: string) => readonly Container[];
};

export const createContainers = (options: ContainersOptions): Containers => {
  const { dependencies, sandboxes, store } = options;
  const { records, clock } = dependencies;
  const containers = recoverContainers(options);
  const get = (id: string): Container => {
    const container = containers.get(id);
    if (!container) throw new RuntimeError('CONTAINER_NOT_FOUND', `there is no container ${id}`);
    return container;
  };
  const create: Containers['create'] = async (sandboxId, config) => {
    const sandbox = sandboxes.get(sandboxId);
    if (!sandbox) throw new RuntimeError('SANDBOX_NOT_FOUND', `there is no sandbox ${sandboxId}`);
    const image = imageOf(store, config.imageId);
    const record = newRecord(sandboxId, config, image, clock.now());
    const pidNamespace = pidNamespaceFor(sandbox, config, containers);
    const spec = await specOf(options, sandbox, record, { image, pidNamespace });
    records.save(record);
    writeFileSync(join(records.folderOf(record.id), 'config.json'), JSON.stringify(spec), { mode: 0o600 });
    containers.set(record.id, new Container(dependencies, record, placeOf(options, sandbox, config)));
    return record.id;
  };
  const remove: Containers['remove'] = async (id) => {
    await containers.get(id)?.stop(0);
    records.remove(id);
    containers.delete(id);
  };
  return {
    create,
    start: async (id) => {
      const container = get(id);
      const { config, sandboxId } = container.record;
      const tree = await store.rootfs(imageOf(store, config.imageId));
      await container.start(tree, memoryLimitOf(options, sandboxId, container.record));
    },
    remove,
    find: (id) => containers.get(id),
    get,
    list: (sandboxId) =>
      [...containers.values()].filter(({ record }) => !sandboxId || record.sandboxId === sandboxId),
  };
};

const memoryLimitOf = (
  { sandboxes, useCgroups }: ContainersOptions,
  sandboxId: string,
  { id, config }: ContainerRecord,
): MemoryLimit => {
  const pod = sandboxes.get(sandboxId)?.config.cgroupParent ?? '/';
  return limitMemory(pod, id, useCgroups ? config.resources.memoryBytes : undefined);
};

/** The containers on record; one without its sandbox is what a crash left of a removal. */
const recoverContainers = (options: ContainersOptions): Map<string, Container> => {
  const { dependencies, sandboxes } = options;
  const containers = new Map<string, Container>();
  for (const record of dependencies.records.load()) {
    const sandbox = sandboxes.get(record.sandboxId);
    const place = sandbox
      ? placeOf(options, sandbox, record.config)
      : { logPath: '/dev/null', cgroup: undefined };
    const container = new Container(dependencies, record, place);
    container.recover();
    if (sandbox) containers.set(record.id, container);
    else dependencies.records.remove(record.id);
  }
  return containers;
};

const placeOf = (
  { extraCgroup }: ContainersOptions,
  { config: { logDirectory, cgroupParent } }: SandboxRecord,
  { logPath }: ContainerConfig,
): ContainerPlace => ({ logPath: join(logDirectory, logPath), cgroup: extraCgroup(cgroupParent) });

const imageOf = (store: ImageStore, imageId: string): Image => {
  const image = findImage(store, imageId);
  if (!image)
    throw new RuntimeError('IMAGE_NOT_FOUND', `image ${imageId} is not in the local store any more`);
  return image;
};

const newRecord = (
  sandboxId: string,
  config: ContainerConfig,
  { id: imageId, names, config: { config: process } }: Image,
  nowMs: number,
): ContainerRecord => ({
  id: randomBytes(32).toString('hex'),
  sandboxId,
  config,
  imageRef: names[0] ?? imageId,
  stopSignal: signalOf(process.StopSignal),
  createdAtMs: nowMs,
  state: 'created',
  process: undefined,
  startedAtMs: undefined,
  finishedAtMs: undefined,
  exitCode: undefined,
  reason: undefined,
  message: undefined,
});

/** `SIGQUIT`, `QUIT` or `3`; TERM where the image says nothing sensible. */
const signalOf = (text = ''): NodeJS.Signals => {
  const names = Object.keys(constants.signals) as NodeJS.Signals[];
  const wanted = text.toUpperCase();
  return (
    names.find(
      (name) => name === wanted || name === `SIG${wanted}` || String(constants.signals[name]) === text,
    ) ?? 'SIGTERM'
  );
};

const specOf = async (
  { sandboxes, store, rootfs, useCgroups, nodeName }: ContainersOptions,
  sandbox: SandboxRecord,
  { id, config }: ContainerRecord,
  { image, pidNamespace }: { readonly image: Image; readonly pidNamespace: string | undefined },
): Promise<OciSpec> => {
  const tree = await store.rootfs(image);
  const process = imageProcessOf(image);
  const { cgroupParent } = sandbox.config;
  const { memoryBytes } = config.resources;
  const spec = bundleSpec({
    config,
    rootfs,
    image: process,
    user: userOf(tree, image, config),
    hostname: sandbox.config.hostname || nodeName,
    netnsPath: sandbox.netns && netnsPath(sandbox.netns),
    podMounts: podMounts(sandboxes.folderOf(sandbox.id), config.mounts),
    ipc: podIpcIn(sandbox.ipcFolder),
    pidNamespace,
    cgroupsPath: useCgroups ? containerCgroup(cgroupParent, id, memoryBytes) : undefined,
    memoryBytes: needsOwnCgroup(memoryBytes) ? undefined : memoryBytes,
    leastOomScoreAdj: leastOomScoreAdj(),
  });
  if (spec.process.args.length === 0)
    throw new RuntimeError(
      'CREATE_FAILED',
      'no command specified: neither the container nor its image has one',
    );
  return spec;
};

const sharesPids = (sandbox: SandboxRecord, config: ContainerConfig): boolean =>
  sandbox.config.sharedPid && !isPidHolder({ config });

/** Undefined: one of its own. */
const pidNamespaceFor = (
  sandbox: SandboxRecord,
  config: ContainerConfig,
  containers: ReadonlyMap<string, Container>,
): string | undefined => {
  if (sharesPids(sandbox, config)) return pidNamespaceOf(containers, sandbox.id);
  if (config.pidsOf === undefined) return undefined;
  const target = [...containers.values()]
    .map(({ record }) => record)
    .find(
      (record) =>
        record.sandboxId === sandbox.id && record.config.name === config.pidsOf && record.state === 'running',
    );
  if (!target)
    throw new RuntimeError('CREATE_FAILED', `container ${JSON.stringify(config.pidsOf)} is not running`);
  return `/proc/${target.process!.pid}/ns/pid`;
};

const pidNamespaceOf = (containers: ReadonlyMap<string, Container>, sandboxId: string): string => {
  const holder = [...containers.values()]
    .map(({ record }) => record)
    .find((record) => record.sandboxId === sandboxId && isPidHolder(record));
  if (holder?.state !== 'running')
    throw new RuntimeError('CREATE_FAILED', "the first process of the pod's pid namespace has ended");
  return `/proc/${holder.process!.pid}/ns/pid`;
};

const imageProcessOf = ({ config: { config } }: Image): ImageProcess => ({
  entrypoint: config.Entrypoint ?? [],
  cmd: config.Cmd ?? [],
  env: config.Env ?? [],
  workingDir: config.WorkingDir ?? '',
});

const userOf = (tree: string, { config }: Image, { security }: ContainerConfig): ProcessUser => {
  const files = { passwd: readInTree(tree, '/etc/passwd'), group: readInTree(tree, '/etc/group') };
  try {
    return resolveUser(config.config.User ?? '', security, files);
  } catch (error) {
    throw new RuntimeError('CREATE_FAILED', (error as Error).message, { cause: error });
  }
};

/** A file of the image, never one of the machine that a link of the image leads to. */
const readInTree = (tree: string, path: string): string => {
  try {
    return readFileSync(resolveScoped(tree, path), 'utf8');
  } catch {
    return '';
  }
};
