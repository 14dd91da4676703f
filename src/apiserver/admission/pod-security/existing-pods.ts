// What is said of the pods of a namespace when its labels begin to forbid them (k8s.io/pod-security-admission/admission:
// EvaluatePodsInNamespace).
import type { Pod } from '../../../k8s/generated/types.ts';
import type { Stored } from '../../../k8s/objects.ts';
import { findingsOf } from './checks.ts';
import { policyText } from './policy.ts';
import type { LevelVersion } from './policy.ts';

const MOST_PODS = 3000;

/** Pods with the same violations are told together. */
export const existingPodWarnings = (
  namespace: string,
  policy: LevelVersion,
  pods: readonly Stored<Pod>[],
): readonly string[] => {
  const checked = pods.slice(0, MOST_PODS);
  const groups = Map.groupBy(checked, (pod) => reasonsOf(policy, pod));
  groups.delete('');
  const lines = [...groups].map(([reasons, members]) => `${namesText(members)}: ${reasons}`).sort();
  return [
    ...(checked.length < pods.length
      ? [
          `new PodSecurity enforce level only checked against the first ${checked.length} of ${pods.length} existing pods`,
        ]
      : []),
    ...(lines.length > 0
      ? [
          `existing pods in namespace ${JSON.stringify(namespace)} violate the new PodSecurity enforce level ${JSON.stringify(policyText(policy))}`,
        ]
      : []),
    ...lines,
  ];
};

const reasonsOf = (policy: LevelVersion, { metadata, spec }: Stored<Pod>): string =>
  findingsOf(policy, { metadata, spec: spec ?? { containers: [] } })
    .map(({ reason }) => reason)
    .join(', ');

const namesText = (pods: readonly Stored<Pod>[]): string => {
  const [first] = pods.map(({ metadata }) => metadata.name).sort();
  const others = pods.length - 1;
  if (others === 0) return first!;
  return `${first} (and ${others} other ${others === 1 ? 'pod' : 'pods'})`;
};
