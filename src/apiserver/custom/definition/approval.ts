// Groups of Kubernetes' own need a sign that their API was approved: KEP-1111.
// Source: k8s.io/apiextensions-apiserver/pkg/apihelpers/helpers.go, GetAPIApprovalState.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, required } from '../../../k8s/field-errors.ts';
import type { CustomResourceDefinition } from '../../../k8s/generated/types.ts';

const ANNOTATION = 'api-approved.kubernetes.io';

export type Approval = {
  readonly state: 'Approved' | 'Unapproved' | 'Missing' | 'Invalid';
  readonly message: string;
};

/** Undefined for groups that need none. */
export const approvalOf = ({ metadata, spec }: CustomResourceDefinition): Approval | undefined => {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(spec.group)) return undefined;
  const text = metadata?.annotations?.[ANNOTATION] ?? '';
  const needed = `protected groups must have approval annotation "${ANNOTATION}"`;
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (text === '') return { state: 'Missing', message: `${needed}, ${see}` };
  if (text.startsWith('unapproved'))
    return { state: 'Unapproved', message: `not approved: ${JSON.stringify(text)}` };
  if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+/i.test(text))
    return { state: 'Approved', message: `approved in ${text}` };
  return {
    state: 'Invalid',
    message: `${needed} with either a URL or a reason starting with "unapproved", ${see}`,
  };
};

/** A state that does not change is never complained about. */
export const approvalErrors = (
  definition: CustomResourceDefinition,
  before: CustomResourceDefinition | undefined,
): readonly FieldError[] => {
  const approval = approvalOf(definition);
  if (!approval || (before && approvalOf(before)?.state === approval.state)) return [];
  const field = `metadata.annotations[${ANNOTATION}]`;
  if (approval.state === 'Missing') return [required(field, approval.message)];
  return approval.state === 'Invalid'
    ? [invalid(field, definition.metadata?.annotations?.[ANNOTATION], approval.message)]
    : [];
};
