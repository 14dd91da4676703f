// The rules of a schema in its own shape: only the parts that have rules, or have parts with rules.
import { declarationOf } from '../schema/declaration.ts';
import type { Declaration } from '../schema/declaration.ts';
import { escapeName } from '../schema/escape.ts';
import { valueSchema, withObjectMeta } from '../schema/schema.ts';
import type { Schema } from '../schema/schema.ts';
import { compileRule, ruleEnvironments } from './compile-rule.ts';
import type { CompiledRule } from './compile-rule.ts';

export type RuleNode = {
  /** With the fields that every resource has, if it is one. */
  readonly schema: Schema;
  readonly rules: readonly CompiledRule[];
  readonly allOf: readonly RuleNode[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly items: RuleNode | undefined;
  readonly values: RuleNode | undefined;
};

/** Name of the type of `self` in messages; kube-apiserver's has a random number at its end. */
const SELF = 'selfType';

/** The tree of a resource's schema; undefined if it has no rules. O(schema * rules). */
export const ruleTree = (schema: Schema): RuleNode | undefined =>
  nodeOf(schema, schema, declarationOf(schema, SELF, true), true);

/**
 * Rules come from `schema`, types from `shape`: within allOf the two differ, for what is there has no types of its own.
 */
const nodeOf = (
  schema: Schema,
  shape: Schema,
  declaration: Declaration | undefined,
  isResource: boolean,
): RuleNode | undefined => {
  const inner = (
    part: Schema | undefined,
    type: Schema | undefined,
    known: Declaration | undefined,
  ): RuleNode | undefined =>
    part && type && nodeOf(part, type, known, type['x-kubernetes-embedded-resource'] ?? false);
  const whole = isResource ? withObjectMeta(shape) : shape;
  const node: RuleNode = {
    schema: whole,
    rules: declaration ? rulesOf(schema, whole, declaration) : [],
    allOf: (schema.allOf ?? []).flatMap((part) => nodeOf(part, shape, declaration, isResource) ?? []),
    properties: propertyNodes(schema, shape, declaration, inner),
    items: inner(schema.items, shape.items, declaration?.element),
    values: inner(valueSchema(schema), valueSchema(shape), declaration?.element),
  };
  const hasRules = node.rules.length > 0 || node.allOf.length > 0 || node.properties.size > 0;
  return hasRules || node.items || node.values ? node : undefined;
};

const rulesOf = (schema: Schema, shape: Schema, declaration: Declaration): CompiledRule[] => {
  const rules = (schema['x-kubernetes-validations'] ?? []).filter(({ rule }) => rule.trim() !== '');
  if (rules.length === 0) return [];
  const environments = ruleEnvironments(declaration);
  return rules.map((rule) => compileRule(rule, shape, environments));
};

const propertyNodes = (
  { properties = {} }: Schema,
  shape: Schema,
  declaration: Declaration | undefined,
  inner: (part: Schema, type: Schema | undefined, known: Declaration | undefined) => RuleNode | undefined,
): Map<string, RuleNode> => {
  const nodes = new Map<string, RuleNode>();
  for (const [name, schema] of Object.entries(properties)) {
    const type =
      shape.properties && Object.hasOwn(shape.properties, name) ? shape.properties[name] : undefined;
    const node = inner(schema, type, propertyDeclaration(name, type, declaration));
    if (node) nodes.set(name, node);
  }
  return nodes;
};

/** Rules can stand below a property whose name no expression can write. */
const propertyDeclaration = (
  name: string,
  type: Schema | undefined,
  outer: Declaration | undefined,
): Declaration | undefined => {
  const identifier = escapeName(name);
  if (identifier !== undefined) return outer?.fields?.get(identifier);
  return type && declarationOf(type, SELF, type['x-kubernetes-embedded-resource'] ?? false);
};
