// Pods and nodes, cut down to what placing turns on.
import type { Container, Node, Pod, PodSpec, Taint } from '../k8s/generated/types.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import type { Stored } from '../k8s/objects.ts';
import { controllerOf } from '../k8s/owner-references.ts';
import { isSidecar, sidecarsOf } from '../k8s/pod-state.ts';
import { nodeCondition, zoneOf } from '../k8s/node-state.ts';
import { quantityMillis, quantityValue } from '../k8s/quantity.ts';
import { NOT_READY } from '../k8s/taints.ts';

/** CPU in thousandths of a core, memory in bytes. */
export type Amounts = { readonly cpuMillis: number; readonly memoryBytes: number };

type Name = 'cpu' | 'memory';

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
  const amount = (name: Name | 'pods'): number =>
    allocatable[name] === undefined ? Infinity : amountOf(name, allocatable[name]);
  return {
    name: metadata.name,
    labels,
    zone: zoneOf(node) ?? '',
    taints: taintsOf(node),
    isUnschedulable: spec?.unschedulable === true,
    allocatable: {
      cpuMillis: amount('cpu'),
      memoryBytes: amount('memory'),
      pods: amount('pods'),
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

const requestsOf = ({ spec = { containers: [] } }: Stored<Pod>): Amounts => ({
  cpuMillis: requestOf(spec, 'cpu'),
  memoryBytes: requestOf(spec, 'memory'),
});

const requestOf = (spec: PodSpec, name: Name): number => {
  const whole = spec.resources?.requests?.[name];
  const needed = whole === undefined ? containersRequest(spec, name) : amountOf(name, whole);
  return needed + amountOf(name, spec.overhead?.[name]);
};

/**
 * What the containers take together, or the largest init container if that is more; sidecars run beside the containers,
 * and beside the init containers that come after them.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
const containersRequest = ({ containers, initContainers = [] }: PodSpec, name: Name): number => {
  const request = ({ resources }: Container): number => amountOf(name, resources?.requests?.[name]);
  let [sidecars, starting] = [0, 0];
  for (const container of initContainers) {
    if (isSidecar(container)) sidecars += request(container);
    else starting = Math.max(starting, sidecars + request(container));
  }
  return Math.max(starting, sidecars + sum(containers.map(request)));
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** CPU in thousandths, which are whole numbers: sums of fractions would not be exact. */
const amountOf = (name: Name | 'pods', quantity: string | number = 0): number =>
  (name === 'cpu' ? quantityMillis(quantity) : quantityValue(quantity)) ?? 0;
