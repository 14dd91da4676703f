// The APIServices of what this server serves (kubernetes pkg/controlplane/apiserver/aggregator.go). Pure.
import type { APIService } from '../../k8s/generated/types.ts';
import type { Kind } from '../kind.ts';

type GroupVersion = { readonly group: string; readonly version: string };

/** The server made it, and takes it away again. */
export const MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/** Group -> its priority among groups, and that of its versions. */
const PRIORITIES: Readonly<Record<string, readonly [number, number]>> = {
  '': [18_000, 1],
  apps: [17_800, 15],
  'events.k8s.io': [17_750, 15],
  'authentication.k8s.io': [17_700, 15],
  'authorization.k8s.io': [17_600, 15],
  autoscaling: [17_500, 30],
  batch: [17_400, 15],
  'certificates.k8s.io': [17_300, 15],
  'networking.k8s.io': [17_200, 15],
  policy: [17_100, 15],
  'rbac.authorization.k8s.io': [17_000, 15],
  'storage.k8s.io': [16_800, 15],
  'apiextensions.k8s.io': [16_700, 15],
  'admissionregistration.k8s.io': [16_700, 15],
  'scheduling.k8s.io': [16_600, 15],
  'coordination.k8s.io': [16_500, 15],
  'node.k8s.io': [16_300, 15],
  'discovery.k8s.io': [16_200, 15],
};
const CUSTOM = [1000, 100] as const;

/** The group apiregistration.k8s.io itself has none, as in kube-apiserver. */
export const compileApiServices = (
  kinds: readonly Pick<Kind, 'resource' | 'custom'>[],
  others: readonly GroupVersion[],
): readonly APIService[] => {
  const own = kinds.map(({ resource: { group, version }, custom }) => ({
    group,
    version,
    isCustom: custom !== undefined,
  }));
  const all = [...own, ...others.map((each) => ({ ...each, isCustom: false }))];
  const byName = new Map(all.map((each) => [`${each.version}.${each.group}`, each]));
  return [...byName.values()].filter(({ group }) => group !== 'apiregistration.k8s.io').map(apiServiceOf);
};

const apiServiceOf = ({
  group,
  version,
  isCustom,
}: GroupVersion & { readonly isCustom: boolean }): APIService => {
  const known = !isCustom && Object.hasOwn(PRIORITIES, group) ? PRIORITIES[group] : undefined;
  const [groupPriorityMinimum, versionPriority] = known ?? CUSTOM;
  return {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `${version}.${group}`, labels: { [MANAGED]: isCustom ? 'true' : 'onstart' } },
    spec: { ...(group && { group }), version, groupPriorityMinimum, versionPriority },
  };
};
