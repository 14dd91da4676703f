// Rules for MutatingAdmissionPolicies and their bindings (kubernetes pkg/apis/admissionregistration/validation/validation.go,
// 1.36).
import { invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
} from '../../../k8s/generated/types.ts';
import { dns1123Subdomain } from '../../../k8s/name-rules.ts';
import { compileMutations } from '../../admission/mutations/compile-mutations.ts';
import type { CompiledMutation } from '../../admission/mutations/compile-mutations.ts';
import { each, when } from '../compose.ts';
import type { FieldErrors } from '../compose.ts';
import { oneOf } from '../scalars.ts';
import { expressionErrors, matchConditionErrors } from './expressions.ts';
import { validateMatchResources } from './match-resources.ts';
import { paramKind, paramRefErrors, variableErrors } from './policy.ts';

export const validateMutatingPolicy = ({ spec = {} }: MutatingAdmissionPolicy): FieldErrors => {
  const compiled = compileMutations(spec);
  const { matchConstraints, mutations = [] } = spec;
  const at = 'spec.matchConstraints';
  return [
    ...oneOf(spec.failurePolicy, ['Fail', 'Ignore'], 'spec.failurePolicy'),
    ...(spec.paramKind ? paramKind(spec.paramKind, 'spec.paramKind') : []),
    ...(matchConstraints ? validateMatchResources(matchConstraints, at) : [required(at)]),
    ...when(matchConstraints !== undefined && !matchConstraints.resourceRules?.length, () =>
      required(`${at}.resourceRules`),
    ),
    ...operationErrors(matchConstraints, at),
    ...matchConditionErrors(spec.matchConditions ?? [], compiled.conditions, 'spec.matchConditions'),
    ...each(spec.variables, 'spec.variables', (variable, path) =>
      variableErrors(variable, path, compiled.variables),
    ),
    ...when(mutations.length === 0, () =>
      required('spec.mutations', 'mutations must contain at least one item'),
    ),
    ...each(mutations, 'spec.mutations', (mutation, path, index) =>
      mutationErrors(mutation, path, compiled.mutations[index]!),
    ),
    ...oneOf(spec.reinvocationPolicy, ['IfNeeded', 'Never'], 'spec.reinvocationPolicy'),
  ];
};

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is deleted cannot be changed. */
const operationErrors = (match: MatchResources | undefined, path: string): FieldErrors =>
  (match?.resourceRules ?? [])
    .flatMap(({ operations }) => operations ?? [])
    .filter((operation) => !OPERATIONS.includes(operation))
    .map((operation) => notSupported(`${path}.resourceRules.operations`, operation, OPERATIONS));

const FIELDS = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const;

const mutationErrors = (mutation: Mutation, path: string, compiled: CompiledMutation): FieldErrors => {
  const type = mutation.patchType;
  if (type !== 'ApplyConfiguration' && type !== 'JSONPatch')
    return oneOf(type, ['ApplyConfiguration', 'JSONPatch'], `${path}.patchType`);
  const own = FIELDS[type];
  const other = own === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch';
  return [
    ...(mutation[own]
      ? expressionErrors(compiled, `${path}.${own}.expression`)
      : [required(`${path}.${own}`, `must be specified when patchType is ${type}`)]),
    ...when(mutation[other] !== undefined, () =>
      invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${type}`),
    ),
  ];
};

export const validateMutatingBinding = ({ spec = {} }: MutatingAdmissionPolicyBinding): FieldErrors => {
  const { policyName = '', paramRef, matchResources } = spec;
  return [
    ...(policyName === ''
      ? [required('spec.policyName')]
      : dns1123Subdomain(policyName).map((message) => invalid('spec.policyName', policyName, message))),
    ...(paramRef ? paramRefErrors(paramRef, 'spec.paramRef') : []),
    ...(matchResources ? validateMatchResources(matchResources, 'spec.matchResources') : []),
    ...operationErrors(matchResources, 'spec.matchResources'),
  ];
};
