// Whether a policy's expressions fit the kinds that its rules name
// (k8s.io/apiserver/pkg/admission/plugin/policy/validating/typechecking.go, 1.37). Only warnings: the kinds may change.
import type { CelType } from '../../../cel/types/type.ts';
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicySpec,
} from '../../../k8s/generated/types.ts';
import { apiVersionOf } from '../../../k8s/resources.ts';
import type { Kind } from '../../kind.ts';
import { compilePolicy } from '../policies/compile-policy.ts';
import type { Expression } from '../policies/compile-policy.ts';

const MOST_KINDS = 10;

/** One warning for an expression, a paragraph for each kind that it does not fit. */
export const checkPolicy = (
  spec: ValidatingAdmissionPolicySpec,
  kinds: readonly Kind[],
  typeOf: (kind: Kind) => CelType,
): readonly ExpressionWarning[] => {
  const texts = new Map<string, string[]>();
  for (const kind of kindsOf(spec.matchConstraints?.resourceRules ?? [], kinds)) {
    const { validations } = compilePolicy(spec, typeOf(kind));
    for (const [index, { message, ...validation }] of validations.entries()) {
      const path = `spec.validations[${index}]`;
      note(texts, `${path}.expression`, kind, validation);
      if (message) note(texts, `${path}.messageExpression`, kind, message);
    }
  }
  return [...texts].map(([fieldRef, paragraphs]) => ({ fieldRef, warning: paragraphs.join('\n') }));
};

const note = (
  texts: Map<string, string[]>,
  fieldRef: string,
  { resource }: Kind,
  { program }: Expression,
): void => {
  if (typeof program !== 'string') return;
  const { group } = resource;
  const type = `${group === '' ? '/v1' : apiVersionOf(resource)}, Kind=${resource.kind}`;
  const paragraph = `${type}: ${program.replace(/^compilation failed: /, '')}`;
  texts.set(fieldRef, [...(texts.get(fieldRef) ?? []), paragraph]);
};

/** Those that are named: a star could be anything, and subresources have types of their own. In order. */
const kindsOf = (rules: readonly NamedRuleWithOperations[], kinds: readonly Kind[]): readonly Kind[] => {
  const named = kinds.filter(({ resource }) =>
    rules.some(
      ({ apiGroups = [], apiVersions = [], resources = [] }) =>
        ![...apiGroups, ...apiVersions, ...resources].includes('*') &&
        apiGroups.includes(resource.group) &&
        apiVersions.includes(resource.version) &&
        resources.includes(resource.resource),
    ),
  );
  const textOf = ({ resource }: Kind): string => `${apiVersionOf(resource)} ${resource.kind}`;
  return named.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1)).slice(0, MOST_KINDS);
};
