// A container as the OCI runtime specification describes it: config.json. Pure; checked against what the tests see
// inside of real containers. https://github.com/opencontainers/runtime-spec/blob/v1.0.2/config.md
import type { ContainerConfig, Mount } from '../runtime.ts';
import { capabilitiesOf } from './capabilities.ts';
import type { PodIpc } from './pod-ipc.ts';
import type { ProcessUser } from './user.ts';

/** What the image says about its process. */
export type ImageProcess = {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly env: readonly string[];
  readonly workingDir: string;
};

export type BundleOptions = {
  readonly config: ContainerConfig;
  readonly image: ImageProcess;
  readonly user: ProcessUser;
  readonly hostname: string;
  /** Where the root file system is mounted when crun starts. */
  readonly rootfs: string;
  /** The pod's network namespace; undefined: the node's, which crun has already. */
  readonly netnsPath: string | undefined;
  /** Files of the pod that every container sees, such as /etc/resolv.conf. */
  readonly podMounts: readonly Mount[];
  /** The pod's. */
  readonly ipc: PodIpc;
  /** Of a pid namespace to share; undefined: one of its own. */
  readonly pidNamespace: string | undefined;
  /** Undefined where the machine lets nobody make cgroups. */
  readonly cgroupsPath: string | undefined;
  /** The limit that crun is to set. */
  readonly memoryBytes: number | undefined;
  /** What the container's oom_score_adj may not go below: without the right to, nothing would start. */
  readonly leastOomScoreAdj: number;
};

export type OciProcess = {
  readonly terminal: boolean;
  readonly user: ProcessUser;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities: Readonly<Record<string, readonly string[]>>;
  readonly noNewPrivileges: boolean;
  readonly oomScoreAdj?: number;
};

export type OciMount = {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
};

export type OciSpec = {
  readonly ociVersion: string;
  readonly hostname: string;
  readonly root: { readonly path: string; readonly readonly: boolean };
  readonly process: OciProcess;
  readonly mounts: readonly OciMount[];
  readonly linux: Readonly<Record<string, unknown>>;
};

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Kernel files that tell or change too much (Docker's lists). */
const MASKED_PATHS = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/firmware',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export const bundleSpec = (options: BundleOptions): OciSpec => {
  const { config, hostname } = options;
  const { privileged, readonlyRootFilesystem } = config.security;
  return {
    ociVersion: '1.0.2',
    hostname,
    root: { path: options.rootfs, readonly: readonlyRootFilesystem },
    process: processOf(options),
    mounts: [
      ...kernelMounts(privileged, options.ipc),
      ...[...options.podMounts, ...config.mounts].toSorted(byDepth).map(bindOf),
    ],
    linux: linuxOf(options),
  };
};

/** The command and its arguments, as Kubernetes combines them with the image's entrypoint and cmd. */
export const commandLine = (
  { command, args }: Pick<ContainerConfig, 'command' | 'args'>,
  { entrypoint, cmd }: Pick<ImageProcess, 'entrypoint' | 'cmd'>,
): readonly string[] => {
  if (command.length > 0) return [...command, ...args];
  return [...entrypoint, ...(args.length > 0 ? args : cmd)];
};

const processOf = ({ config, image, user, hostname, leastOomScoreAdj }: BundleOptions): OciProcess => {
  const capabilities = capabilitiesOf(config.security);
  const { oomScoreAdj } = config.resources;
  return {
    terminal: config.tty,
    user,
    args: commandLine(config, image),
    env: environmentOf({ config, image, hostname }),
    cwd: config.workingDir || image.workingDir || '/',
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    noNewPrivileges: config.security.noNewPrivileges,
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj: Math.max(oomScoreAdj, leastOomScoreAdj) }),
  };
};

/** The image's variables, then the pod's; a name is given once, the last value wins. */
const environmentOf = ({
  config,
  image,
  hostname,
}: Pick<BundleOptions, 'config' | 'image' | 'hostname'>): string[] => {
  const pairs = [
    DEFAULT_PATH,
    `HOSTNAME=${hostname}`,
    ...(config.tty ? ['TERM=xterm'] : []),
    ...image.env,
    ...config.env.map(({ name, value }) => `${name}=${value}`),
  ];
  return [...new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair])).values()];
};

const kernelMounts = (privileged: boolean, { shm }: PodIpc): readonly OciMount[] => [
  mountOf('/proc', 'proc', ['nosuid', 'noexec', 'nodev']),
  mountOf('/dev', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
  mountOf('/dev/pts', 'devpts', ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5']),
  bindOf({ hostPath: shm, containerPath: '/dev/shm', readonly: false }),
  mountOf('/dev/mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
  mountOf('/sys', 'sysfs', ['nosuid', 'noexec', 'nodev', privileged ? 'rw' : 'ro']),
];

const mountOf = (destination: string, type: string, options: readonly string[]): OciMount => ({
  destination,
  type,
  source: type,
  options,
});

const bindOf = ({ hostPath, containerPath, readonly }: Mount): OciMount => ({
  destination: containerPath,
  type: 'bind',
  source: hostPath,
  options: ['rbind', 'rprivate', readonly ? 'ro' : 'rw'],
});

/** A mount inside of another must come after it. */
const byDepth = (a: Mount, b: Mount): number => depth(a) - depth(b);
const depth = ({ containerPath }: Mount): number => containerPath.split('/').filter(Boolean).length;

const linuxOf = ({
  config,
  netnsPath,
  ipc,
  pidNamespace,
  cgroupsPath,
  memoryBytes,
}: BundleOptions): OciSpec['linux'] => ({
  namespaces: [
    { type: 'pid', ...(pidNamespace === undefined ? {} : { path: pidNamespace }) },
    { type: 'ipc', path: ipc.namespace },
    { type: 'uts' },
    { type: 'mount' },
    ...(netnsPath === undefined ? [] : [{ type: 'network', path: netnsPath }]),
  ],
  ...(cgroupsPath === undefined ? {} : { cgroupsPath, resources: resourcesOf(config, memoryBytes) }),
  ...(config.security.privileged ? {} : { maskedPaths: MASKED_PATHS, readonlyPaths: READONLY_PATHS }),
});

/** The period in which a CPU limit is counted: 100 ms, the kernel's and Kubernetes' default. */
const CPU_PERIOD_US = 100_000;

/** linux kernel/sched/core.c, tg_set_cfs_bandwidth(): a shorter one is EINVAL. */
const CPU_QUOTA_US_MIN = 1000;

const resourcesOf = ({ resources, security }: ContainerConfig, memoryBytes: number | undefined): object => {
  const { cpuMillis, cpuShares } = resources;
  return {
    devices: [{ allow: security.privileged, access: 'rwm' }],
    cpu: {
      ...(cpuMillis === undefined
        ? {}
        : { quota: Math.max(CPU_QUOTA_US_MIN, cpuMillis * (CPU_PERIOD_US / 1000)), period: CPU_PERIOD_US }),
      ...(cpuShares === undefined ? {} : { shares: cpuShares }),
    },
    ...(memoryBytes === undefined ? {} : { memory: { limit: memoryBytes, swap: memoryBytes } }),
  };
};
