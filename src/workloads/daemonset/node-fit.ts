// Which nodes a DaemonSet is for, and the pod that it has on one of them.
// kubernetes pkg/controller/daemon/daemon_controller.go NodeShouldRunDaemonPod (1.36).
import type { DaemonSet, Node, NodeSelectorTerm, Pod, Taint, Toleration } from '../../k8s/generated/types.ts';
import { matchesNode } from '../../k8s/node-selector.ts';
import type { Stored } from '../../k8s/objects.ts';
import { daemonSets } from '../../k8s/resources.ts';
import { NOT_READY, UNREACHABLE, UNSCHEDULABLE, isTolerated } from '../../k8s/taints.ts';
import { podFromTemplate } from '../pods/template.ts';

/** `stay`: what runs there may go on, but nothing new comes. */
export type NodeFit = 'run' | 'stay' | 'never';

export const nodeFit = ({ spec }: Stored<DaemonSet>, node: Stored<Node>): NodeFit => {
  const template = spec?.template.spec;
  if (template?.nodeName && template.nodeName !== node.metadata.name) return 'never';
  const { name, labels = {} } = node.metadata;
  if (!matchesNode({ spec: template }, { name, labels })) return 'never';
  const tolerations = [
    ...(template?.tolerations ?? []),
    ...daemonTolerations(template?.hostNetwork === true),
  ];
  const repels = (effects: readonly string[]): boolean =>
    (node.spec?.taints ?? []).some(
      (taint: Taint) => effects.includes(taint.effect) && !isTolerated(taint, tolerations),
    );
  if (!repels(['NoExecute', 'NoSchedule'])) return 'run';
  return repels(['NoExecute']) ? 'never' : 'stay';
};

/** A daemon is on its node whatever is wrong with the node. */
const daemonTolerations = (isOnHostNetwork: boolean): readonly Toleration[] => [
  { key: NOT_READY, operator: 'Exists', effect: 'NoExecute' },
  { key: UNREACHABLE, operator: 'Exists', effect: 'NoExecute' },
  ...['disk-pressure', 'memory-pressure', 'pid-pressure'].map((pressure) => ({
    key: `node.kubernetes.io/${pressure}`,
    operator: 'Exists',
    effect: 'NoSchedule',
  })),
  { key: UNSCHEDULABLE, operator: 'Exists', effect: 'NoSchedule' },
  ...(isOnHostNetwork
    ? [{ key: 'node.kubernetes.io/network-unavailable', operator: 'Exists', effect: 'NoSchedule' }]
    : []),
];

export const HASH_LABEL = 'controller-revision-hash';
const GENERATION_LABEL = 'pod-template-generation';
const GENERATION = 'deprecated.daemonset.template.generation';

/** Bound to the node by its affinity: the scheduler still looks whether there is room. */
export const daemonPod = (set: Stored<DaemonSet>, nodeName: string, hash: string): Pod => {
  const pod = podFromTemplate(daemonSets, set, set.spec?.template);
  const spec = pod.spec!;
  const generation = set.metadata.annotations?.[GENERATION];
  const added = daemonTolerations(spec.hostNetwork === true);
  return {
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata?.labels,
        [HASH_LABEL]: hash,
        ...(generation ? { [GENERATION_LABEL]: generation } : {}),
      },
    },
    spec: {
      ...spec,
      tolerations: [
        ...(spec.tolerations ?? []).filter((own) => !added.some((other) => isSame(own, other))),
        ...added,
      ],
      affinity: { ...spec.affinity, nodeAffinity: { ...spec.affinity?.nodeAffinity, ...onNode(nodeName) } },
    },
  };
};

const isSame = (a: Toleration, b: Toleration): boolean =>
  a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === '';

/** Replaces what the template requires: the controller has looked at that already. */
const onNode = (name: string) => ({
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] }],
  },
});

/** The node that a pod is on or is meant for. */
export const nodeNameOf = ({ spec }: Stored<Pod>): string | undefined => {
  if (spec?.nodeName) return spec.nodeName;
  const required = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const named = (required?.nodeSelectorTerms ?? []).flatMap(({ matchFields = [] }: NodeSelectorTerm) =>
    matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In'),
  );
  return named[0]?.values?.[0];
};
