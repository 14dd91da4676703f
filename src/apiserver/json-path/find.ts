// What a JSONPath leads to in a value. Source: k8s.io/client-go/util/jsonpath/jsonpath.go, with missing keys allowed.
import { isJsonObject } from '../../lang/json.ts';
import { ownValue } from '../../lang/own-value.ts';
import type { Filter, JsonPath, Operand, Step } from './parse.ts';

/** In the order in which they stand; none where a member is missing. */
export const findAll = (path: JsonPath, value: unknown): readonly unknown[] =>
  path.reduce<readonly unknown[]>((found, step) => found.flatMap((each) => take(step, each)), [value]);

const take = (step: Step, value: unknown): readonly unknown[] => {
  switch (step.kind) {
    case 'member':
      return memberOf(value, step.name);
    case 'all':
      return childrenOf(value);
    case 'descend':
      return [value, ...childrenOf(value).flatMap((child) => take(step, child))];
    case 'slice':
      return Array.isArray(value) ? sliceOf(value, step) : [];
    case 'union':
      return step.paths.flatMap((path) => findAll(path, value));
    case 'filter':
      return childrenOf(value).filter((child) => holds(step.filter, child));
  }
};

const memberOf = (value: unknown, name: string): readonly unknown[] => {
  const member = isJsonObject(value) ? ownValue(value, name) : undefined;
  return member === undefined ? [] : [member];
};

const childrenOf = (value: unknown): readonly unknown[] => {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
};

const sliceOf = (
  list: readonly unknown[],
  { from, to, step }: Extract<Step, { readonly kind: 'slice' }>,
): readonly unknown[] => list.slice(from, to).filter((_item, index) => step > 0 && index % step === 0);

const holds = ({ left, operator, right }: Filter, value: unknown): boolean => {
  const [a, b] = [operandValues(left, value), operandValues(right, value)];
  if (operator === undefined) return a.length > 0;
  if (a.length !== 1 || b.length !== 1) return false;
  return compare(operator, a[0], b[0]);
};

const operandValues = (operand: Operand, value: unknown): readonly unknown[] =>
  operand.kind === 'path' ? findAll(operand.path, value) : [operand.value];

const compare = (operator: NonNullable<Filter['operator']>, a: unknown, b: unknown): boolean => {
  if (operator === '==') return a === b;
  if (operator === '!=') return a !== b;
  if (typeof a !== typeof b || (typeof a !== 'number' && typeof a !== 'string')) return false;
  const [left, right] = [a as number, b as number];
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
};
