// Who a StatefulSet's pod is: its name, its ordinal, and the claims that are its own.
// kubernetes pkg/controller/statefulset/stateful_set_utils.go (1.36).
import type { PersistentVolumeClaim, Pod, PodTemplateSpec, StatefulSet } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { statefulSets } from '../../k8s/resources.ts';
import { podFromTemplate } from '../pods/template.ts';

export const REVISION_LABEL = 'controller-revision-hash';
const NAME_LABEL = 'statefulset.kubernetes.io/pod-name';
const INDEX_LABEL = 'apps.kubernetes.io/pod-index';

export const podName = (set: Stored<StatefulSet>, ordinal: number): string =>
  `${set.metadata.name}-${ordinal}`;

/** -1 for a pod that is not named as one of the set's. */
export const ordinalOf = (set: Stored<StatefulSet>, { metadata }: Stored<Pod>): number => {
  const [, parent, digits] = /^(.*)-([0-9]+)$/.exec(metadata.name) ?? [];
  const ordinal = Number(digits);
  return parent === set.metadata.name && podName(set, ordinal) === metadata.name ? ordinal : -1;
};

/** A StatefulSet adopts only what has one of its names. */
export const isMember = (set: Stored<StatefulSet>, pod: Stored<Pod>): boolean => ordinalOf(set, pod) >= 0;

export const startOrdinal = ({ spec }: Stored<StatefulSet>): number => spec?.ordinals?.start ?? 0;

const identityLabels = (name: string, ordinal: number): Readonly<Record<string, string>> => ({
  [NAME_LABEL]: name,
  [INDEX_LABEL]: String(ordinal),
});

/** The labels that the pod lacks; undefined when it has them. */
export const missingIdentity = (
  { metadata }: Stored<Pod>,
  ordinal: number,
): Readonly<Record<string, string>> | undefined =>
  metadata.labels?.[NAME_LABEL] === metadata.name ? undefined : identityLabels(metadata.name, ordinal);

export const memberPod = (
  set: Stored<StatefulSet>,
  template: PodTemplateSpec | undefined,
  revision: string,
  ordinal: number,
): Pod => {
  const pod = podFromTemplate(statefulSets, set, template);
  const name = podName(set, ordinal);
  const { generateName: _, ...metadata } = pod.metadata ?? {};
  return {
    metadata: {
      ...metadata,
      name,
      labels: { ...metadata.labels, ...identityLabels(name, ordinal), [REVISION_LABEL]: revision },
    },
    spec: {
      ...pod.spec!,
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...withClaims(set, pod, ordinal),
    },
  };
};

const withClaims = (
  set: Stored<StatefulSet>,
  { spec }: Pod,
  ordinal: number,
): { readonly volumes?: NonNullable<Pod['spec']>['volumes'] } => {
  const templates = set.spec?.volumeClaimTemplates ?? [];
  if (templates.length === 0) return {};
  const names = templates.map(({ metadata }) => metadata?.name ?? '');
  const claims = names.map((name) => ({
    name,
    persistentVolumeClaim: { claimName: claimName(set, name, ordinal) },
  }));
  return { volumes: [...claims, ...(spec?.volumes ?? []).filter(({ name }) => !names.includes(name))] };
};

const claimName = (set: Stored<StatefulSet>, template: string, ordinal: number): string =>
  `${template}-${podName(set, ordinal)}`;

/** The claims of one pod. They outlive it, unless the retention policy says otherwise. */
export const memberClaims = (set: Stored<StatefulSet>, ordinal: number): readonly PersistentVolumeClaim[] =>
  (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    metadata: {
      name: claimName(set, template.metadata?.name ?? '', ordinal),
      namespace: set.metadata.namespace,
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
      ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
    },
    spec: template.spec,
  }));
