// What is wrong with the rules of a schema when its CustomResourceDefinition is created
// (k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation: validation.go, cel_validation.go, 1.37).
import type { FieldError } from '../../k8s/field-error.ts';
import { forbidden, invalid, notSupported, required } from '../../k8s/field-errors.ts';
import { MAX_REQUEST_BYTES, declarationOf } from '../schema/declaration.ts';
import type { Declaration } from '../schema/declaration.ts';
import { valueSchema } from '../schema/schema.ts';
import type { Schema, ValidationRule } from '../schema/schema.ts';
import { compileRule, ruleEnvironments } from './compile-rule.ts';
import { normalizeFieldPath } from './field-path.ts';

/** What an expression may cost by the estimate, and all of a schema together. */
const RULE_COST_LIMIT = 10_000_000;
const SCHEMA_COST_LIMIT = 100_000_000;
/** Of the rules that make a schema too expensive, how many are named, and from which share of the limit. */
const NAMED_COSTS = 4;
const NAMED_SHARE = 0.01;

/** The findings about all rules of a resource's schema, `path` being where the schema stands. O(schema * rules). */
export const schemaRuleErrors = (schema: Schema, path: string): readonly FieldError[] => {
  const walk = new Walk();
  walk.schema(schema, { path, count: 1, uncorrelatable: undefined, isResource: true });
  return [
    ...walk.formErrors,
    ...(walk.formErrors.length > 0 ? [] : [...walk.errors, ...walk.totalErrors(path)]),
  ];
};

type Position = {
  readonly path: string;
  /** How often the part can occur in an object; undefined: as often as a request has room for. */
  readonly count: number | undefined;
  /** The list or map around it in which an old value cannot be found. */
  readonly uncorrelatable: string | undefined;
  readonly isResource: boolean;
};

class Walk {
  readonly formErrors: FieldError[] = [];
  readonly errors: FieldError[] = [];
  readonly #costs: { readonly path: string; readonly cost: number }[] = [];

  schema(schema: Schema, at: Position): void {
    const inner = { ...at, isResource: false };
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      this.schema(property, {
        ...inner,
        path: `${at.path}.properties[${name}]`,
        isResource: property['x-kubernetes-embedded-resource'] ?? false,
      });
    }
    const values = valueSchema(schema);
    if (values)
      this.schema(values, {
        ...inner,
        path: `${at.path}.additionalProperties`,
        count: times(at.count, schema.maxProperties),
      });
    if (schema.items) this.schema(schema.items, { ...inner, ...itemPosition(schema, at) });
    for (const [index, part] of (schema.allOf ?? []).entries()) {
      const whole = { ...schema, 'x-kubernetes-validations': part['x-kubernetes-validations'] ?? [] };
      this.#rules(whole, { ...at, path: `${at.path}.allOf[${index}]` });
    }
    this.#rules(schema, at);
  }

  #rules(schema: Schema, at: Position): void {
    const rules = schema['x-kubernetes-validations'] ?? [];
    if (rules.length === 0) return;
    const places = rules.map((rule, index) => ({
      rule,
      path: `${at.path}.x-kubernetes-validations[${index}]`,
    }));
    this.formErrors.push(...places.flatMap(({ rule, path }) => formErrors(rule, path, schema)));
    if (this.formErrors.length > 0) return;
    const self = declarationOf(schema, 'selfType', at.isResource);
    if (!self) {
      const message = 'Internal error: failed to retrieve type information for x-kubernetes-validations';
      this.errors.push({ type: 'InternalError', field: `${at.path}.x-kubernetes-validations`, message });
      return;
    }
    for (const { rule, path } of places) this.#rule(rule, path, { schema, self, at });
  }

  #rule(
    rule: ValidationRule,
    path: string,
    { schema, self, at }: { readonly schema: Schema; readonly self: Declaration; readonly at: Position },
  ): void {
    const { program, message, usesOldSelf } = compileRule(rule, schema, ruleEnvironments(self));
    if (typeof program === 'string') this.errors.push(invalid(`${path}.rule`, internalForm(rule), program));
    else
      this.#cost(
        `${path}.rule`,
        'estimated rule cost',
        program.worstCost * (at.count ?? mostOccurrences(self)),
      );
    if (typeof message === 'string')
      this.errors.push(invalid(`${path}.messageExpression`, internalForm(rule), message));
    else if (message)
      this.#cost(`${path}.messageExpression`, 'estimated messageExpression cost', message.worstCost);
    if (usesOldSelf && at.uncorrelatable !== undefined) {
      this.errors.push(
        invalid(
          `${path}.rule`,
          rule.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${at.uncorrelatable}`,
        ),
      );
    }
    if (!usesOldSelf && rule.optionalOldSelf !== undefined && typeof program !== 'string') {
      this.errors.push(
        invalid(
          `${path}.optionalOldSelf`,
          rule.optionalOldSelf,
          'may not be set if oldSelf is not used in rule',
        ),
      );
    }
  }

  #cost(path: string, what: string, cost: number): void {
    this.#costs.push({ path, cost });
    if (cost > RULE_COST_LIMIT) this.errors.push(forbidden(path, tooExpensive(what, cost, RULE_COST_LIMIT)));
  }

  /** Findings about what the rules cost together. */
  totalErrors(path: string): readonly FieldError[] {
    const total = this.#costs.reduce((sum, { cost }) => sum + cost, 0);
    if (total <= SCHEMA_COST_LIMIT) return [];
    const large = this.#costs.filter(({ cost }) => cost >= SCHEMA_COST_LIMIT * NAMED_SHARE);
    const named = large.toSorted((a, b) => b.cost - a.cost).slice(0, NAMED_COSTS);
    const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
    return [
      ...named.map((each) =>
        forbidden(
          each.path,
          'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
        ),
      ),
      forbidden(path, tooExpensive(what, total, SCHEMA_COST_LIMIT)),
    ];
  }
}

const times = (count: number | undefined, most: number | undefined): number | undefined =>
  count === undefined || most === undefined ? undefined : count * Math.max(0, most);

const itemPosition = (schema: Schema, at: Position): Position => ({
  path: `${at.path}.items`,
  count: times(at.count, schema.maxItems),
  uncorrelatable: at.uncorrelatable ?? (schema['x-kubernetes-list-type'] === 'map' ? undefined : at.path),
  isResource: schema.items?.['x-kubernetes-embedded-resource'] ?? false,
});

/** How often something of this size fits into a request, with commas between. */
const mostOccurrences = ({ minBytes }: Declaration): number => Math.floor(MAX_REQUEST_BYTES / (minBytes + 1));

const tooExpensive = (what: string, cost: number, limit: number): string => {
  const factor = cost / limit;
  const text = factor > 100 ? 'more than 100x' : `${factor < 1.5 ? factor.toFixed(6) : factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${text} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
};

/** A rule as kube-apiserver shows it: its own type has no JSON names. */
const internalForm = (rule: ValidationRule): unknown => ({
  Rule: rule.rule,
  Message: rule.message ?? '',
  MessageExpression: rule.messageExpression ?? '',
  Reason: rule.reason ?? null,
  FieldPath: rule.fieldPath ?? '',
  OptionalOldSelf: rule.optionalOldSelf ?? null,
});

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

const hasLineBreak = (text: string): boolean => /[\n\r]/.test(text);

/** What can be said about a rule without reading its expressions. */
const formErrors = (rule: ValidationRule, path: string, schema: Schema): readonly FieldError[] => [
  ...textErrors(rule, path),
  ...(rule.messageExpression && rule.messageExpression.trim() === ''
    ? [required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified')]
    : []),
  ...(rule.reason !== undefined && !REASONS.includes(rule.reason)
    ? [notSupported(`${path}.reason`, rule.reason, REASONS)]
    : []),
  ...(rule.fieldPath ? fieldPathErrors(rule.fieldPath, `${path}.fieldPath`, schema) : []),
];

const textErrors = ({ rule, message = '' }: ValidationRule, path: string): readonly FieldError[] => {
  const [text, said] = [rule.trim(), message.trim()];
  if (text === '') return [required(`${path}.rule`, 'rule is not specified')];
  if (message !== '' && said === '')
    return [invalid(`${path}.message`, message, 'must be non-empty if specified')];
  if (hasLineBreak(said)) return [invalid(`${path}.message`, message, 'must not contain line breaks')];
  return hasLineBreak(text) && said === ''
    ? [required(`${path}.message`, 'message must be specified if rule contains line breaks')]
    : [];
};

const fieldPathErrors = (fieldPath: string, path: string, schema: Schema): readonly FieldError[] => [
  ...(fieldPath.trim() === '' ? [invalid(path, fieldPath, 'must be non-empty if specified')] : []),
  ...(hasLineBreak(fieldPath) ? [invalid(path, fieldPath, 'must not contain line breaks')] : []),
  ...(normalizeFieldPath(fieldPath, schema) === undefined
    ? [invalid(path, fieldPath, 'must be a valid path')]
    : []),
];
