// Pods and nodes, cut down to what placing turns on.
import type { Container, Node, Pod, Taint } from '../k8s/generated/types.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import type { Stored } from '../k8s/objects.ts';
import { controllerOf } from '../k8s/owner-references.ts';
import { nodeCondition, zoneOf } from '../k8s/node-state.ts';
import { quantityValue } from '../k8s/quantity.ts';
import { NOT_READY } from '../k8s/taints.ts';

/** CPU in thousandths of a core, memory in bytes. */
export type Amounts = { readonly cpuMillis: number; readonly memoryBytes: number };

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
  const amount = (name: string, factor: number): number =>
    allocatable[name] === undefined ? Infinity : valueOf(allocatable[name]) * factor;
  return {
    name: metadata.name,
    labels,
    zone: zoneOf(node) ?? '',
    taints: taintsOf(node),
    isUnschedulable: spec?.unschedulable === true,
    allocatable: {
      cpuMillis: amount('cpu', 1000),
      memoryBytes: amount('memory', 1),
      pods: amount('pods', 1),
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
  hostPorts: (pod.spec?.containers ?? []).flatMap(hostPortsOf),
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

/**
 * What the containers take together, or the largest init container if that is more; sidecars run beside both.
 * https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
 */
const requestsOf = ({ spec }: Stored<Pod>): Amounts => {
  const initContainers = spec?.initContainers ?? [];
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always');
  const inits = initContainers.filter(({ restartPolicy }) => restartPolicy !== 'Always');
  const of = (name: 'cpu' | 'memory', factor: number): number => {
    const request = (container: Container): number => valueOf(container.resources?.requests?.[name]);
    const whole = spec?.resources?.requests?.[name];
    const together = sum([...(spec?.containers ?? []), ...sidecars].map(request));
    const starting = Math.max(0, ...inits.map(request)) + sum(sidecars.map(request));
    const needed = whole === undefined ? Math.max(together, starting) : valueOf(whole);
    return (needed + valueOf(spec?.overhead?.[name])) * factor;
  };
  return { cpuMillis: of('cpu', 1000), memoryBytes: of('memory', 1) };
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

const valueOf = (quantity: string | number | undefined): number =>
  quantity === undefined ? 0 : (quantityValue(quantity) ?? 0);
