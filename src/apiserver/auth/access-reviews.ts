// May I, may they, what may I: the statuses of the access reviews
// (kubernetes pkg/registry/authorization and pkg/apis/authorization/validation).
import type { FieldError } from '../../k8s/field-error.ts';
import { invalid as invalidField } from '../../k8s/field-errors.ts';
import type {
  PolicyRule,
  SelfSubjectAccessReviewSpec,
  SelfSubjectRulesReviewSpec,
  SubjectAccessReviewSpec,
} from '../../k8s/generated/types.ts';
import { badRequest, invalid } from '../status-errors.ts';
import type { Access } from './access.ts';
import type { Attributes } from './attributes.ts';
import type { ReviewRequest } from './reviews.ts';
import { type Subject, isMaster, nodeNameOf } from './users.ts';

type Question = Pick<SelfSubjectAccessReviewSpec, 'resourceAttributes' | 'nonResourceAttributes'>;

export const selfAccessStatus = (access: Access, { user, object }: ReviewRequest): object => {
  const spec = (object['spec'] ?? {}) as SelfSubjectAccessReviewSpec;
  refuse('SelfSubjectAccessReview', questionErrors(spec));
  return answer(access, user, spec);
};

export const subjectAccessStatus = (access: Access, { object }: ReviewRequest): object => {
  const spec = (object['spec'] ?? {}) as SubjectAccessReviewSpec;
  refuse('SubjectAccessReview', [...questionErrors(spec), ...subjectErrors(spec)]);
  return answer(access, subjectOf(spec), spec);
};

export const localAccessStatus = (access: Access, { object, namespace = '' }: ReviewRequest): object => {
  const spec = (object['spec'] ?? {}) as SubjectAccessReviewSpec;
  refuse('LocalSubjectAccessReview', [
    ...questionErrors(spec),
    ...subjectErrors(spec),
    ...localErrors(spec, namespace),
  ]);
  return answer(access, subjectOf(spec), spec);
};

/** `kubectl auth can-i --list`: what the roles give; that of node agents is not all of it. */
export const rulesStatus = (access: Access, { user, object }: ReviewRequest): object => {
  const { namespace } = (object['spec'] ?? {}) as SelfSubjectRulesReviewSpec;
  if (!namespace) throw badRequest('no namespace on request');
  const { rules, problems } = access.rulesOf(user, namespace);
  const isNode = !isMaster(user) && nodeNameOf(user) !== undefined;
  const errors = isNode ? ['node authorizer does not support user rule resolution', ...problems] : problems;
  return {
    resourceRules: rules.filter(({ resources }) => resources?.length).map(resourceRule),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => nonResourceURLs?.length)
      .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
    incomplete: errors.length > 0,
    ...(errors.length > 0 ? { evaluationError: errors.join(', ') } : {}),
  };
};

const resourceRule = ({ verbs, apiGroups, resources, resourceNames }: PolicyRule): object => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames?.length ? { resourceNames } : {}),
});

const subjectOf = ({ user = '', groups = [] }: SubjectAccessReviewSpec): Subject => ({ name: user, groups });

const answer = (access: Access, user: Subject, question: Question): object => {
  const { allowed, reason } = access.authorize(user, attributesOf(question));
  return { allowed, ...(reason ? { reason } : {}) };
};

const attributesOf = ({ resourceAttributes, nonResourceAttributes }: Question): Attributes => {
  if (nonResourceAttributes) {
    const { path = '', verb = '' } = nonResourceAttributes;
    return { kind: 'path', path, verb };
  }
  const {
    verb = '',
    group = '',
    version = '',
    resource = '',
    subresource,
    namespace,
    name,
  } = resourceAttributes ?? {};
  return { kind: 'resource', verb, group, version, resource, subresource, namespace, name };
};

const refuse = (kind: string, errors: readonly FieldError[]): void => {
  if (errors.length > 0) throw invalid({ group: 'authorization.k8s.io', kind }, '', errors);
};

const questionErrors = ({ resourceAttributes, nonResourceAttributes }: Question): readonly FieldError[] => {
  if (resourceAttributes && nonResourceAttributes)
    return [
      invalidField(
        'spec.nonResourceAttributes',
        nonResourceAttributes,
        'cannot be specified in combination with resourceAttributes',
      ),
    ];
  return resourceAttributes || nonResourceAttributes
    ? []
    : [
        invalidField(
          'spec.resourceAttributes',
          null,
          'exactly one of nonResourceAttributes or resourceAttributes must be specified',
        ),
      ];
};

const subjectErrors = ({ user, groups }: SubjectAccessReviewSpec): readonly FieldError[] =>
  user || groups?.length
    ? []
    : [invalidField('spec.user', '', 'at least one of user or group must be specified')];

const localErrors = (
  { resourceAttributes, nonResourceAttributes }: Question,
  namespace: string,
): readonly FieldError[] => [
  ...(resourceAttributes && (resourceAttributes.namespace ?? '') !== namespace
    ? [
        invalidField(
          'spec.resourceAttributes.namespace',
          resourceAttributes.namespace ?? '',
          'must match metadata.namespace',
        ),
      ]
    : []),
  ...(nonResourceAttributes
    ? [
        invalidField(
          'spec.nonResourceAttributes',
          nonResourceAttributes,
          'disallowed on this kind of request',
        ),
      ]
    : []),
];
