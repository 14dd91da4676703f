// What a definition's status says once it has been looked at: its names, and whether its kinds are served.
// Sources: k8s.io/apiextensions-apiserver/pkg/controller (status, establish, apiapproval).
import type { CustomResourceDefinition } from '../../../k8s/generated/types.ts';
import { equalJson } from '../../../lang/json.ts';
import { acceptNames } from './accept-names.ts';
import { approvalOf } from './approval.ts';
import { conditionOf, isEstablished, withCondition } from './conditions.ts';
import type { Condition } from './conditions.ts';
import { isCaBundle } from './conversion.ts';

/** The definition itself if its status is as it should be. */
export const withNextStatus = (
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  nowMs: number,
): CustomResourceDefinition => {
  const { names, condition } = acceptNames(definition, others);
  const named = { ...definition, status: { ...definition.status, acceptedNames: names } };
  const isAccepted = condition.status === 'True';
  const conditions = [condition, established(definition, isAccepted), approval(definition)];
  const next = conditions
    .filter((each) => each !== undefined)
    .reduce<CustomResourceDefinition>((so, each) => withCondition(so, each, nowMs), named);
  return equalJson(next.status, definition.status) ? definition : next;
};

const INSTALLED: Condition = {
  type: 'Established',
  status: 'True',
  reason: 'InitialNamesAccepted',
  message: 'the initial names have been accepted',
};

// Once established, always established: a later conflict costs no one their objects.
const established = (definition: CustomResourceDefinition, isAccepted: boolean): Condition | undefined => {
  if (isEstablished(definition)) return undefined;
  if (!isAccepted)
    return conditionOf(definition, 'Established')
      ? undefined
      : { ...INSTALLED, status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' };
  const caBundle = definition.spec.conversion?.webhook?.clientConfig?.caBundle;
  if (!caBundle || isCaBundle(caBundle)) return INSTALLED;
  const message = 'The conversion webhook CABundle is invalid';
  return { ...INSTALLED, status: 'False', reason: 'InvalidCABundle', message };
};

const approval = (definition: CustomResourceDefinition): Condition | undefined => {
  const found = approvalOf(definition);
  return (
    found && {
      type: 'KubernetesAPIApprovalPolicyConformant',
      status: found.state === 'Approved' ? 'True' : 'False',
      reason: `${found.state}Annotation`,
      message: found.message,
    }
  );
};
