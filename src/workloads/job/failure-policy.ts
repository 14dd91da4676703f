// What a pod's failure means to its Job (KEP-3329). kubernetes pkg/controller/job/pod_failure_policy.go (1.36).
import type {
  ContainerStatus,
  Job,
  Pod,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyRule,
} from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';

export type FailureVerdict =
  | { readonly action: 'Count' | 'Ignore' | 'FailIndex' }
  | { readonly action: 'FailJob'; readonly message: string };

/** The first rule that matches decides; without one the failure counts. */
export const judgeFailure = ({ spec }: Stored<Job>, pod: Stored<Pod>): FailureVerdict => {
  const rules = spec?.podFailurePolicy?.rules ?? [];
  for (const [place, rule] of rules.entries()) {
    const reason = matchOf(rule, pod);
    if (reason === undefined) continue;
    if (rule.action === 'Ignore' || rule.action === 'FailIndex') return { action: rule.action };
    if (rule.action === 'FailJob')
      return { action: 'FailJob', message: `${reason} matching FailJob rule at index ${place}` };
    return { action: 'Count' };
  }
  return { action: 'Count' };
};

/** What of the pod matches, as text; undefined if nothing does. */
const matchOf = (
  { onExitCodes, onPodConditions }: PodFailurePolicyRule,
  { metadata, status }: Stored<Pod>,
): string | undefined => {
  const name = `${metadata.namespace}/${metadata.name}`;
  if (onExitCodes) {
    const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
    const found = all.find((container) => exitMatches(onExitCodes, container));
    return (
      found &&
      `Container ${found.name} for pod ${name} failed with exit code ${found.state?.terminated?.exitCode}`
    );
  }
  const condition = (status?.conditions ?? []).find(({ type, status: value }) =>
    onPodConditions?.some((pattern) => pattern.type === type && pattern.status === value),
  );
  return condition && `Pod ${name} has condition ${condition.type}`;
};

const exitMatches = (
  { operator, values, containerName }: PodFailurePolicyOnExitCodesRequirement,
  { name, state }: ContainerStatus,
): boolean => {
  const code = state?.terminated?.exitCode;
  if (!code || (containerName !== undefined && containerName !== name)) return false;
  return operator === 'In' ? values.includes(code) : !values.includes(code);
};
