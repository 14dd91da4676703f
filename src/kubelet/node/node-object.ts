// The Node object of this kubelet: facts in, object out.
import type { Node, NodeCondition, NodeStatus } from '../../k8s/generated/types.ts';
import { formatTime } from '../../k8s/time.ts';
import { KUBERNETES_VERSION } from '../../k8s/version.ts';
import type { KubeletNode } from '../options.ts';

export type MachineFacts = {
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly bootId: string;
  readonly systemUuid: string;
};

const MAX_PODS = 110;

const nodeLabels = ({ name, zone }: KubeletNode, { architecture }: MachineFacts) => ({
  'beta.kubernetes.io/arch': architecture,
  'beta.kubernetes.io/os': 'linux',
  'kubernetes.io/arch': architecture,
  'kubernetes.io/hostname': name,
  'kubernetes.io/os': 'linux',
  ...(zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone }),
});

export const nodeObject = (
  node: KubeletNode,
  machine: MachineFacts,
  options: { readonly port: number; readonly nowMs: number; readonly before?: NodeStatus | undefined },
): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: node.name, labels: nodeLabels(node, machine) },
  spec: { podCIDR: node.podCidrs[0], podCIDRs: node.podCidrs },
  status: nodeStatus(node, machine, options),
});

/** What others wrote in the status (images, attached volumes, conditions of their own) stays. */
export const nodeStatus = (
  node: KubeletNode,
  machine: MachineFacts,
  {
    port,
    nowMs,
    before = {},
  }: { readonly port: number; readonly nowMs: number; readonly before?: NodeStatus | undefined },
): NodeStatus => {
  const resources = {
    cpu: String(machine.cpus),
    memory: `${Math.floor(machine.memoryBytes / 1024)}Ki`,
    pods: String(MAX_PODS),
  };
  return {
    ...before,
    capacity: resources,
    allocatable: resources,
    conditions: nodeConditions(before.conditions ?? [], nowMs),
    addresses: [
      ...node.addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: node.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: {
      machineID: machine.machineId,
      systemUUID: machine.systemUuid,
      bootID: machine.bootId,
      kernelVersion: machine.kernelVersion,
      osImage: machine.osImage,
      containerRuntimeVersion: `podnet://${KUBERNETES_VERSION.slice(1)}`,
      kubeletVersion: KUBERNETES_VERSION,
      kubeProxyVersion: '', // deprecated since 1.31; kubelet leaves it empty
      operatingSystem: 'linux',
      architecture: machine.architecture,
    },
  };
};

type Claim = Pick<NodeCondition, 'type' | 'status' | 'reason' | 'message'>;

const CLAIMS: readonly Claim[] = [
  {
    type: 'MemoryPressure',
    status: 'False',
    reason: 'KubeletHasSufficientMemory',
    message: 'kubelet has sufficient memory available',
  },
  {
    type: 'DiskPressure',
    status: 'False',
    reason: 'KubeletHasNoDiskPressure',
    message: 'kubelet has no disk pressure',
  },
  {
    type: 'PIDPressure',
    status: 'False',
    reason: 'KubeletHasSufficientPID',
    message: 'kubelet has sufficient PID available',
  },
  { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
];

const nodeConditions = (before: readonly NodeCondition[], nowMs: number): readonly NodeCondition[] => {
  const now = formatTime(nowMs);
  const own = CLAIMS.map((claim) => {
    const old = before.find(({ type }) => type === claim.type);
    const since = old?.status === claim.status ? old.lastTransitionTime : undefined;
    return { ...claim, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
  });
  return [...before.filter(({ type }) => !CLAIMS.some((claim) => claim.type === type)), ...own];
};
