import type {
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicyBinding,
} from '../../../k8s/generated/types.ts';
import { validatingAdmissionPolicyBindings } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { defaultMatchResources } from '../../defaults/match-resources.ts';
import { validatePolicyBinding } from '../../validation/admission/policy.ts';
import { defineKind } from '../define-kind.ts';

export const validatingAdmissionPolicyBindingKind = defineKind<ValidatingAdmissionPolicyBinding>({
  resource: validatingAdmissionPolicyBindings,
  singular: 'validatingadmissionpolicybinding',
  shortNames: [],
  categories: ['api-extensions'],
  definition: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  columns: [NAME, ...texts('PolicyName', 'ParamRef'), AGE],
  row: (binding, nowMs) => [
    nameCell(binding),
    binding.spec?.policyName ?? '',
    paramRefText(binding),
    ageCell(binding, nowMs),
  ],
  fields: {},
  applyDefaults: (binding) => {
    const match = binding.spec?.matchResources;
    if (match) defaultMatchResources(match);
  },
  validate: validatePolicyBinding,
});

/** Of bindings of policies that mutate, too. */
export const paramRefText = ({
  spec,
}: ValidatingAdmissionPolicyBinding | MutatingAdmissionPolicyBinding): string => {
  const ref = spec?.paramRef;
  if (!ref) return '<unset>';
  if (!ref.name) return '<unset>';
  return ref.namespace ? `${ref.namespace}/${ref.name}` : `*/${ref.name}`;
};
