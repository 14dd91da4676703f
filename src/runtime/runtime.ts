// How the node agent runs pods: the CRI's own shape (runtime.v1), so that containerd can stand behind it as well.
// Sandbox = the pod's network, ipc and uts namespaces; a container lives in one sandbox.
import type { Readable, Writable } from 'node:stream';

export type PodIdentity = {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** 0 for the first sandbox of a pod, then counting. */
  readonly attempt: number;
};

export type PortMapping = {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly containerPort: number;
  readonly hostPort: number;
  /** Empty: every address of the node. */
  readonly hostIp: string;
};

export type PodSandboxConfig = {
  readonly pod: PodIdentity;
  /** Empty for hostNetwork pods. */
  readonly hostname: string;
  /** Where containers' logs go: an existing folder. */
  readonly logDirectory: string;
  readonly dns: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly hostNetwork: boolean;
  /** Ports of the node that lead to the pod. */
  readonly portMappings: readonly PortMapping[];
  /** Share one pid namespace among the pod's containers (spec.shareProcessNamespace). */
  readonly sharedPid: boolean;
  /** Of the pod's own namespaces: the node's are refused. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The cgroup that holds the pod's containers, e.g. `/podnet/CLUSTER/NODE/pods/pod-UID`. */
  readonly cgroupParent: string;
};

export type SandboxState = 'ready' | 'not-ready';

export type PodSandboxStatus = {
  readonly id: string;
  readonly pod: PodIdentity;
  readonly state: SandboxState;
  /** First address first; empty for hostNetwork. */
  readonly ips: readonly string[];
  readonly createdAtMs: number;
};

export type Mount = {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readonly: boolean;
};

export type ContainerSecurity = {
  readonly privileged: boolean;
  readonly runAsUser: number | undefined;
  readonly runAsGroup: number | undefined;
  readonly supplementalGroups: readonly number[];
  readonly readonlyRootFilesystem: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
};

export type ContainerConfig = {
  readonly name: string;
  readonly attempt: number;
  /** The image's id as imageStatus gave it. */
  readonly imageId: string;
  /** Overrides the image's entrypoint; empty: the image's. */
  readonly command: readonly string[];
  /** Overrides the image's cmd; empty: the image's, unless `command` is given. */
  readonly args: readonly string[];
  readonly workingDir: string | undefined;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  /** Relative to the sandbox's logDirectory, e.g. `nginx/0.log`. Lines: `RFC3339Nano stream P|F text`. */
  readonly logPath: string;
  /** Shares the pid namespace of the pod's container of this name. */
  readonly pidsOf?: string | undefined;
  readonly stdin: boolean;
  /** The end of what the first caller who attaches has to say is the end of stdin. */
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly security: ContainerSecurity;
  readonly resources: {
    readonly cpuMillis?: number;
    readonly memoryBytes?: number;
    readonly cpuShares?: number;
    /** -1000 to 1000, higher is killed first when memory runs out. */
    readonly oomScoreAdj?: number;
  };
};

export type ContainerState = 'created' | 'running' | 'exited' | 'unknown';

export type ContainerStatus = {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: ContainerState;
  readonly imageId: string;
  /** The name by which the image was asked for. */
  readonly imageRef: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  readonly exitCode: number | undefined;
  /** As Kubernetes shows it: Completed, Error, OOMKilled, ContainerCannotRun, StartError. */
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly logPath: string;
};

export type ExecResult = {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
};

/** A running process with its streams: exec and attach. */
export type StreamSession = {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable;
  /** Undefined with a tty: all goes to stdout. */
  readonly stderr: Readable | undefined;
  readonly resize: (columns: number, rows: number) => void;
  /** The exit code, 128 + signal where one ended it. */
  readonly exited: Promise<number>;
  /** Ends the process (exec) or detaches (attach). */
  readonly close: () => void;
};

export type TerminalSize = { readonly columns: number; readonly rows: number };

export type StreamRequest = {
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
};

export type RuntimeEvent = {
  readonly type: 'started' | 'exited';
  readonly sandboxId: string;
  readonly containerId: string;
};

export type ImageStatus = {
  /** `sha256:...` of the image's config. */
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly sizeBytes: number;
  readonly user: string | undefined;
};

/** Every method rejects with RuntimeError; stop and remove are idempotent. */
export type PodRuntime = {
  readonly runPodSandbox: (config: PodSandboxConfig) => Promise<string>;
  /** Ends all containers by force and releases the network. */
  readonly stopPodSandbox: (sandboxId: string) => Promise<void>;
  readonly removePodSandbox: (sandboxId: string) => Promise<void>;
  readonly podSandboxStatus: (sandboxId: string) => Promise<PodSandboxStatus | undefined>;
  readonly listPodSandbox: () => Promise<readonly PodSandboxStatus[]>;
  readonly createContainer: (sandboxId: string, config: ContainerConfig) => Promise<string>;
  readonly startContainer: (containerId: string) => Promise<void>;
  /** TERM (or the image's STOPSIGNAL), then KILL after the grace period; resolves when the container has ended. */
  readonly stopContainer: (containerId: string, graceSeconds: number) => Promise<void>;
  readonly removeContainer: (containerId: string) => Promise<void>;
  readonly containerStatus: (containerId: string) => Promise<ContainerStatus | undefined>;
  readonly listContainers: (sandboxId?: string) => Promise<readonly ContainerStatus[]>;
  readonly execSync: (
    containerId: string,
    command: readonly string[],
    timeoutMs: number,
  ) => Promise<ExecResult>;
  readonly exec: (containerId: string, request: StreamRequest) => Promise<StreamSession>;
  readonly attach: (containerId: string, request: Omit<StreamRequest, 'command'>) => Promise<StreamSession>;
  /** A connection to a port inside the pod, for port-forward: opened from within the sandbox's network namespace. */
  readonly portForward: (
    sandboxId: string,
    port: number,
  ) => Promise<{ readonly readable: Readable; readonly writable: Writable; readonly close: () => void }>;
  readonly imageStatus: (image: string) => Promise<ImageStatus | undefined>;
  /** Makes the image present, or rejects with code IMAGE_NOT_FOUND and what to do. */
  readonly pullImage: (image: string) => Promise<string>;
  readonly listImages: () => Promise<readonly ImageStatus[]>;
  readonly subscribe: (listener: (event: RuntimeEvent) => void) => () => void;
  readonly close: () => Promise<void>;
};

export type RuntimeErrorCode =
  | 'IMAGE_NOT_FOUND'
  | 'INVALID_IMAGE_NAME'
  | 'CONTAINER_NOT_FOUND'
  | 'SANDBOX_NOT_FOUND'
  | 'CREATE_FAILED'
  | 'START_FAILED'
  | 'NETWORK_FAILED'
  | 'EXEC_TIMEOUT'
  | 'EXEC_FAILED';

export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'RuntimeError';
    this.code = code;
  }
}
