// Pods and nodes, cut down to what placing turns on.
import type { Container, Node, Pod, PodAffinityTerm, Taint } from '../k8s/generated/types.ts';
import { amountsOf } from '../k8s/amounts.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import type { Stored } from '../k8s/objects.ts';
import { controllerOf } from '../k8s/owner-references.ts';
import { podAmounts } from '../k8s/pod-amounts.ts';
import { sidecarsOf } from '../k8s/pod-state.ts';
import { nodeCondition, zoneOf } from '../k8s/node-state.ts';
import { type ParsedQuantity, roundUpToMilli } from '../k8s/quantity.ts';
import { NOT_READY } from '../k8s/taints.ts';
import { parseTime } from '../k8s/time.ts';

/** CPU in thousandths of a core, memory in bytes, and what else there is, in its own unit, by its name. */
export type Amounts = {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly others: ReadonlyMap<string, number>;
};

export type NodeFacts = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly zone: string;
  readonly taints: readonly Taint[];
  readonly isUnschedulable: boolean;
  readonly allocatable: Amounts & { readonly pods: number };
};

export type PodFacts = {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** Since when it runs; Infinity if it does not yet. */
  readonly startMs: number;
  /** It is being deleted. */
  readonly isEnding: boolean;
  /** Which pods it does not want near it. */
  readonly antiAffinity: readonly PodAffinityTerm[];
  readonly requests: Amounts;
  /** `protocol/address/port` on the node itself. */
  readonly hostPorts: readonly string[];
  /** Pods of one group are replicas of one thing: they are spread. Undefined: it is alone. */
  readonly group: string | undefined;
};

export const selectNode = (node: Stored<Node>): NodeFacts => {
  const { metadata, spec, status } = node;
  const labels = metadata.labels ?? {};
  const allocatable = status?.allocatable ?? status?.capacity ?? {};
  const total = amountsOf(allocatable);
  const isSaid = (name: string): boolean => total.has(name);
  return {
    name: metadata.name,
    labels,
    zone: zoneOf(node) ?? '',
    taints: taintsOf(node),
    isUnschedulable: spec?.unschedulable === true,
    allocatable: {
      cpuMillis: isSaid('cpu') ? millisOf(total.get('cpu')) : Infinity,
      memoryBytes: isSaid('memory') ? unitsOf(total.get('memory')) : Infinity,
      pods: isSaid('pods') ? unitsOf(total.get('pods')) : Infinity,
      others: othersOf(total),
    },
  };
};

/** A node that is not ready counts as tainted at once: the node lifecycle controller's taint comes a moment later. */
const taintsOf = (node: Stored<Node>): readonly Taint[] => {
  const { taints = [] } = node.spec ?? {};
  const isReady = nodeCondition(node, 'Ready')?.status === 'True';
  if (isReady || taints.some(({ key }) => key === NOT_READY)) return taints;
  return [...taints, { key: NOT_READY, effect: 'NoSchedule' }];
};

export const selectPod = (pod: Stored<Pod>): PodFacts => ({
  uid: pod.metadata.uid,
  name: pod.metadata.name,
  namespace: pod.metadata.namespace ?? '',
  labels: pod.metadata.labels ?? {},
  priority: pod.spec?.priority ?? 0,
  startMs: startOf(pod),
  isEnding: pod.metadata.deletionTimestamp !== undefined,
  antiAffinity: pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
  requests: requestsOf(pod),
  hostPorts: [...(pod.spec?.containers ?? []), ...sidecarsOf(pod.spec)].flatMap(hostPortsOf),
  group: groupOf(pod),
});

/** The controller's pods, or without one, the pods with the same labels: those a Service would select together. */
const groupOf = ({ metadata }: Stored<Pod>): string | undefined => {
  const controller = controllerOf({ metadata });
  if (controller) return controller.uid;
  const labels = metadata.labels ?? {};
  if (Object.keys(labels).length === 0) return undefined;
  return `${metadata.namespace}/${canonicalJson(labels)}`;
};

const hostPortsOf = ({ ports = [] }: Container): string[] =>
  ports
    .filter(({ hostPort }) => hostPort !== undefined && hostPort > 0)
    .map(({ protocol = 'TCP', hostIP = '', hostPort }) => `${protocol}/${hostIP}/${hostPort}`);

const startOf = ({ status }: Stored<Pod>): number => {
  const startMs = parseTime(status?.startTime);
  return Number.isNaN(startMs) ? Infinity : startMs;
};

const requestsOf = ({ spec = { containers: [] } }: Stored<Pod>): Amounts => {
  const requests = podAmounts(spec, 'requests');
  return {
    cpuMillis: millisOf(requests.get('cpu')),
    memoryBytes: unitsOf(requests.get('memory')),
    others: othersOf(requests),
  };
};

const COUNTED_APART = new Set(['cpu', 'memory', 'pods']);
const NOTHING: ReadonlyMap<string, number> = new Map();

/** The same map for all that have no others: nearly all. */
const othersOf = (amounts: ReadonlyMap<string, ParsedQuantity>): ReadonlyMap<string, number> => {
  const others = [...amounts].filter(([name]) => !COUNTED_APART.has(name));
  return others.length === 0 ? NOTHING : new Map(others.map(([name, quantity]) => [name, unitsOf(quantity)]));
};

/** Whole numbers: sums of fractions would not be exact. */
const millisOf = (quantity: ParsedQuantity | undefined): number =>
  quantity ? Number(roundUpToMilli(quantity).nanos / 10n ** 6n) : 0;

const unitsOf = (quantity: ParsedQuantity | undefined): number =>
  quantity ? Number(quantity.nanos) / 1e9 : 0;
