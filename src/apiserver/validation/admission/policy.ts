// Rules for ValidatingAdmissionPolicies and their bindings
// (kubernetes pkg/apis/admissionregistration/validation/validation.go, 1.37). Expressions are compiled here already: what
// cannot work is refused.
import { duplicate, forbidden, invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type {
  AuditAnnotation,
  ParamKind,
  ParamRef,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicyBindingSpec,
  ValidatingAdmissionPolicySpec,
  Validation,
  Variable,
} from '../../../k8s/generated/types.ts';
import { dns1035Label, dns1123Subdomain, pathSegment } from '../../../k8s/name-rules.ts';
import { compilePolicy } from '../../admission/policies/compile-policy.ts';
import type { CompiledPolicy } from '../../admission/policies/compile-policy.ts';
import { each, repeatedIndexes, when } from '../compose.ts';
import type { FieldErrors } from '../compose.ts';
import { labelSelector } from '../labels.ts';
import { oneOf, optionalOneOf } from '../scalars.ts';
import { qualified } from '../texts.ts';
import { expressionErrors, matchConditionErrors } from './expressions.ts';
import { validateMatchResources } from './match-resources.ts';

const MOST_ANNOTATIONS = 20;
const LONGEST_VALUE_EXPRESSION = 5 * 1024;

export const validatePolicy = ({ metadata, spec = {} }: ValidatingAdmissionPolicy): FieldErrors => {
  const compiled = compilePolicy(spec);
  const { matchConstraints } = spec;
  return [
    ...oneOf(spec.failurePolicy, ['Fail', 'Ignore'], 'spec.failurePolicy'),
    ...(spec.paramKind ? paramKind(spec.paramKind, 'spec.paramKind') : []),
    ...(matchConstraints
      ? validateMatchResources(matchConstraints, 'spec.matchConstraints')
      : [required('spec.matchConstraints')]),
    ...when(matchConstraints !== undefined && !matchConstraints.resourceRules?.length, () =>
      required('spec.matchConstraints.resourceRules'),
    ),
    ...matchConditionErrors(spec.matchConditions ?? [], compiled.conditions, 'spec.matchConditions'),
    ...each(spec.variables, 'spec.variables', (variable, path) =>
      variableErrors(variable, path, compiled.variables),
    ),
    ...nothingToDo(spec),
    ...each(spec.validations, 'spec.validations', (validation, path, index) =>
      validationErrors(validation, path, compiled.validations[index]!),
    ),
    ...annotationErrors(spec, metadata?.name ?? '', compiled),
  ];
};

export const paramKind = ({ apiVersion = '', kind = '' }: ParamKind, path: string): FieldErrors => {
  const [version, group = ''] = apiVersion.split('/').toReversed() as [string, string?];
  return [
    ...(apiVersion === ''
      ? [required(`${path}.apiVersion`)]
      : [
          ...(group === '' ? [] : dns1123Subdomain(group)).map((message) =>
            invalid(`${path}.apiVersion`, group, message),
          ),
          ...dns1035Label(version).map((message) => invalid(`${path}.apiVersion`, version, message)),
        ]),
    ...(kind === ''
      ? [required(`${path}.kind`)]
      : dns1035Label(kind.toLowerCase()).map((message) =>
          invalid(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${message}`),
        )),
  ];
};

const RESERVED =
  /^(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$/;

export const variableErrors = (
  { name = '', expression = '' }: Partial<Variable>,
  path: string,
  variables: CompiledPolicy['variables'],
): FieldErrors => [
  ...(name.trim() === '' ? [required(`${path}.name`, 'name is not specified')] : []),
  ...when(name.trim() !== '' && (!/^[A-Za-z_]\w*$/.test(name) || RESERVED.test(name)), () =>
    invalid(`${path}.name`, name, 'name is not a valid CEL identifier'),
  ),
  ...expressionErrors(
    variables.get(name) ?? { source: expression, program: '' },
    `${path}.expression`,
    'expression is not specified',
  ),
];

const nothingToDo = ({ validations, auditAnnotations }: ValidatingAdmissionPolicySpec): FieldErrors => {
  if (validations?.length || auditAnnotations?.length) return [];
  const why = 'validations or auditAnnotations must contain at least one item';
  return [required('spec.validations', why), required('spec.auditAnnotations', why)];
};

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge', 'Unauthorized'];

const validationErrors = (
  { message = '', messageExpression = '', reason }: Validation,
  path: string,
  compiled: CompiledPolicy['validations'][number],
): FieldErrors => [
  ...expressionErrors(compiled, `${path}.expression`, 'expression is not specified'),
  ...when(messageExpression !== '' && messageExpression.trim() === '', () =>
    invalid(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'),
  ),
  ...(messageExpression.trim() !== '' && compiled.message
    ? expressionErrors(compiled.message, `${path}.messageExpression`)
    : []),
  ...when(message !== '' && message.trim() === '', () =>
    invalid(`${path}.message`, message, 'message must be non-empty if specified'),
  ),
  ...when(/[\n\r]/.test(message.trim()), () =>
    invalid(`${path}.message`, message, 'message must not contain line breaks'),
  ),
  ...(reason !== undefined && !REASONS.includes(reason)
    ? [notSupported(`${path}.reason`, reason, REASONS)]
    : []),
];

const annotationErrors = (
  spec: ValidatingAdmissionPolicySpec,
  policy: string,
  { annotations }: CompiledPolicy,
): FieldErrors => {
  const path = 'spec.auditAnnotations';
  const auditAnnotations: readonly Partial<AuditAnnotation>[] = spec.auditAnnotations ?? [];
  return [
    ...when(auditAnnotations.length > MOST_ANNOTATIONS, () =>
      invalid(path, auditAnnotations, `must not have more than ${MOST_ANNOTATIONS} auditAnnotations`),
    ),
    ...each(auditAnnotations, path, ({ key = '', valueExpression = '' }, at, index) => [
      ...qualified(`${policy}/${key}`, `${at}.key`),
      ...(valueExpression.trim().length > LONGEST_VALUE_EXPRESSION
        ? [required(`${at}.valueExpression`, `must not exceed ${LONGEST_VALUE_EXPRESSION} bytes in length`)]
        : expressionErrors(annotations[index]!, `${at}.valueExpression`, 'valueExpression is not specified')),
    ]),
    ...repeatedIndexes(auditAnnotations, ({ key }) => key ?? '').map((index) =>
      duplicate(`${path}[${index}].key`, auditAnnotations[index]!.key),
    ),
  ];
};

export const validatePolicyBinding = ({ spec }: Partial<ValidatingAdmissionPolicyBinding>): FieldErrors => {
  const given: Partial<ValidatingAdmissionPolicyBindingSpec> = spec ?? {};
  const { policyName = '', paramRef, matchResources, validationActions = [] } = given;
  return [
    ...(policyName === ''
      ? [required('spec.policyName')]
      : dns1123Subdomain(policyName).map((message) => invalid('spec.policyName', policyName, message))),
    ...(paramRef ? paramRefErrors(paramRef, 'spec.paramRef') : []),
    ...(matchResources ? validateMatchResources(matchResources, 'spec.matchResouces') : []),
    ...actionErrors(validationActions, 'spec.validationActions'),
  ];
};

export const paramRefErrors = (
  { name, selector, parameterNotFoundAction }: ParamRef,
  path: string,
): FieldErrors => {
  const exclusive = 'name and selector are mutually exclusive';
  return [
    ...(name ? pathSegment(name).map((message) => invalid(`${path}.name`, name, message)) : []),
    ...when(Boolean(name) && selector !== undefined, () => forbidden(`${path}.name`, exclusive)),
    ...labelSelector(selector, `${path}.selector`),
    ...when(Boolean(name) && selector !== undefined, () => forbidden(`${path}.selector`, exclusive)),
    ...when(!name && selector === undefined, () =>
      required(path, 'one of name or selector must be specified'),
    ),
    ...(parameterNotFoundAction
      ? optionalOneOf(parameterNotFoundAction, ['Deny', 'Allow'], `${path}.parameterNotFoundAction`)
      : [required(`${path}.parameterNotFoundAction`)]),
  ];
};

const actionErrors = (actions: readonly string[], path: string): FieldErrors => [
  ...each(actions, path, (action, at) => oneOf(action, ['Audit', 'Deny', 'Warn'], at)),
  ...repeatedIndexes(actions, (action) => action).map((index) =>
    duplicate(`${path}[${index}]`, actions[index]),
  ),
  ...when(actions.includes('Deny') && actions.includes('Warn'), () =>
    invalid(
      path,
      actions,
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ),
  ),
  ...when(actions.length === 0, () => required(path, 'at least one validation action is required')),
];
