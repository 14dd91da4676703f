import type { MutatingAdmissionPolicy, ValidatingAdmissionPolicy } from '../../../k8s/generated/types.ts';
import { validatingAdmissionPolicies } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, integers, nameCell, texts } from '../../columns/columns.ts';
import { defaultMatchResources } from '../../defaults/match-resources.ts';
import { validatePolicy } from '../../validation/admission/policy.ts';
import { defineKind } from '../define-kind.ts';

export const validatingAdmissionPolicyKind = defineKind<ValidatingAdmissionPolicy>({
  resource: validatingAdmissionPolicies,
  singular: 'validatingadmissionpolicy',
  shortNames: [],
  categories: ['api-extensions'],
  definition: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [NAME, ...integers('Validations'), ...texts('ParamKind'), AGE],
  row: (policy, nowMs) => [
    nameCell(policy),
    policy.spec?.validations?.length ?? 0,
    paramKindText(policy),
    ageCell(policy, nowMs),
  ],
  fields: {},
  applyDefaults: (policy) => {
    const spec = policy.spec;
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    if (spec.matchConstraints) defaultMatchResources(spec.matchConstraints);
  },
  prepareForCreate: (policy) => {
    delete policy.status;
  },
  validate: validatePolicy,
});

/** Of policies that mutate, too. */
export const paramKindText = ({ spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): string => {
  const { apiVersion, kind } = spec?.paramKind ?? {};
  return kind ? `${apiVersion}/${kind}` : '<unset>';
};
