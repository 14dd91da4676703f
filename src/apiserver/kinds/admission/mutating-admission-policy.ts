import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../../k8s/generated/types.ts';
import { mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, integers, nameCell, texts } from '../../columns/columns.ts';
import { defaultMatchResources } from '../../defaults/match-resources.ts';
import {
  validateMutatingBinding,
  validateMutatingPolicy,
} from '../../validation/admission/mutating-policy.ts';
import { defineKind } from '../define-kind.ts';
import { paramKindText } from './validating-admission-policy.ts';
import { paramRefText } from './validating-admission-policy-binding.ts';

const COMMON = {
  shortNames: [],
  categories: ['api-extensions'],
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  fields: {},
} as const;

export const mutatingAdmissionPolicyKind = defineKind<MutatingAdmissionPolicy>({
  ...COMMON,
  resource: mutatingAdmissionPolicies,
  singular: 'mutatingadmissionpolicy',
  definition: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
  columns: [NAME, ...integers('Mutations'), ...texts('ParamKind'), AGE],
  row: (policy, nowMs) => [
    nameCell(policy),
    policy.spec?.mutations?.length ?? 0,
    paramKindText(policy),
    ageCell(policy, nowMs),
  ],
  applyDefaults: ({ spec }) => {
    if (!spec) return;
    spec.failurePolicy ??= 'Fail';
    if (spec.matchConstraints) defaultMatchResources(spec.matchConstraints);
  },
  validate: validateMutatingPolicy,
});

export const mutatingAdmissionPolicyBindingKind = defineKind<MutatingAdmissionPolicyBinding>({
  ...COMMON,
  resource: mutatingAdmissionPolicyBindings,
  singular: 'mutatingadmissionpolicybinding',
  definition: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
  columns: [NAME, ...texts('PolicyName', 'ParamRef'), AGE],
  row: (binding, nowMs) => [
    nameCell(binding),
    binding.spec?.policyName ?? '',
    paramRefText(binding),
    ageCell(binding, nowMs),
  ],
  applyDefaults: ({ spec }) => {
    if (spec?.matchResources) defaultMatchResources(spec.matchResources);
  },
  validate: validateMutatingBinding,
});
