// Label selectors: the text form of query strings and the object form of specs.
// Grammar and messages: k8s.io/apimachinery/pkg/labels/selector.go (Kubernetes 1.36).
import { ownValue } from '../lang/own-value.ts';
import type { LabelSelector, LabelSelectorRequirement } from './generated/types.ts';
import { labelValue, qualifiedName } from './name-rules.ts';

export type Labels = Readonly<Record<string, string>>;

export type LabelRequirement =
  | { readonly key: string; readonly operator: 'in' | 'notin'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'exists' | '!' }
  | { readonly key: string; readonly operator: 'gt' | 'lt'; readonly bound: bigint };

/** All requirements must hold; none match everything. */
export type LabelRequirements = readonly LabelRequirement[];

/** A selector that cannot be read. The message says what was found and what was expected. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError';
}

/** Reads `app=web,tier in (a,b),!canary`. Empty text selects everything. Throws SelectorError. O(length). */
export const parseLabelSelector = (text: string): LabelRequirements => {
  const tokens = tokensOf(text);
  const requirements: LabelRequirement[] = [];
  while (tokens.peek() !== END) {
    if (!isIdentifier(tokens.peek()) && tokens.peek() !== '!')
      throw expected(tokens.peek(), `!, identifier, or 'end of string'`);
    requirements.push(parseRequirement(tokens));
    endRequirement(tokens);
  }
  return requirements;
};

/** Whether `labels` meet every requirement. */
export const matchesLabels = (requirements: LabelRequirements, labels: Labels | undefined): boolean =>
  requirements.every((requirement) => meets(requirement, ownValue(labels, requirement.key)));

/**
 * Whether a LabelSelector object (a Deployment's, a NetworkPolicy's) selects `labels`. As in Kubernetes, an absent
 * selector selects nothing and an empty one everything.
 */
export const labelSelectorMatches = (
  selector: LabelSelector | undefined | null,
  labels: Labels | undefined,
): boolean => {
  if (!selector) return false;
  const pairs = Object.entries(selector.matchLabels ?? {});
  return (
    pairs.every(([key, value]) => labels?.[key] === value) &&
    (selector.matchExpressions ?? []).every((expression) =>
      meetsExpression(expression, ownValue(labels, expression.key)),
    )
  );
};

/** The canonical text of a LabelSelector object, e.g. for Scale's status.selector; '' if it is absent. */
export const labelSelectorText = (selector: LabelSelector | undefined): string =>
  [
    ...Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(selector?.matchExpressions ?? []).map(expressionText),
  ]
    .sort()
    .join(',');

const expressionText = ({ key, operator, values = [] }: LabelSelectorRequirement): string => {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key} ${operator.toLowerCase()} (${[...values].sort().join(',')})`;
};

const meets = (requirement: LabelRequirement, value: string | undefined): boolean => {
  switch (requirement.operator) {
    case 'in':
      return value !== undefined && requirement.values.includes(value);
    case 'notin': // an absent label is "not in" as well
      return value === undefined || !requirement.values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'gt':
      return isInteger(value) && BigInt(value) > requirement.bound;
    case 'lt':
      return isInteger(value) && BigInt(value) < requirement.bound;
  }
};

/** Whether a label, or whatever else has a value, is as an expression of an object wants it. */
export const meetsExpression = (
  { operator, values = [] }: Omit<LabelSelectorRequirement, 'key'>,
  value: string | undefined,
): boolean => {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default: // validation refuses other operators; an unknown one must select nothing
      return false;
  }
};

const isInteger = (value: string | undefined): value is string =>
  value !== undefined && /^[+-]?\d{1,19}$/.test(value);

const END = '';
const SYMBOLS = /\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))/y;

type Tokens = { readonly peek: () => string; readonly take: () => string };

const tokensOf = (text: string): Tokens => {
  const all: string[] = [];
  SYMBOLS.lastIndex = 0;
  for (let match = SYMBOLS.exec(text); match; match = SYMBOLS.exec(text)) all.push(match[1] ?? match[2]!);
  let at = 0;
  return { peek: () => all[at] ?? END, take: () => all[at++] ?? END };
};

const isIdentifier = (token: string): boolean => token !== END && !/^[=!<>(),]/.test(token);

const expected = (found: string, what: string): SelectorError =>
  new SelectorError(`found '${found}', expected: ${what}`);

const inRequirement = (found: string, what: string): SelectorError =>
  new SelectorError(`unable to parse requirement: found '${found}', expected: ${what}`);

const invalid = (field: string, value: string, why: string): SelectorError =>
  new SelectorError(`unable to parse requirement: ${field}: Invalid value: ${value}: ${why}`);

const endRequirement = (tokens: Tokens): void => {
  const token = tokens.take();
  if (token === END) return;
  if (token !== ',') throw expected(token, `',' or 'end of string'`);
  if (!isIdentifier(tokens.peek()) && tokens.peek() !== '!')
    throw expected(tokens.peek(), `identifier after ','`);
};

const parseRequirement = (tokens: Tokens): LabelRequirement => {
  const negated = tokens.peek() === '!' && tokens.take() === '!';
  const key = tokens.take();
  if (!isIdentifier(key)) throw inRequirement(key, 'identifier');
  checkKey(key);
  const alone = tokens.peek() === END || tokens.peek() === ',';
  if (negated || alone) return { key, operator: negated ? '!' : 'exists' };
  return parseOperation(key, tokens);
};

const OPERATORS = 'in, notin, =, ==, !=, gt, lt';

const parseOperation = (key: string, tokens: Tokens): LabelRequirement => {
  const operator = tokens.take();
  switch (operator) {
    case 'in':
    case 'notin':
      return { key, operator, values: parseValues(key, tokens) };
    case '=':
    case '==':
      return { key, operator: 'in', values: [parseValue(key, tokens)] };
    case '!=':
      return { key, operator: 'notin', values: [parseValue(key, tokens)] };
    case '>':
    case '<':
      return { key, operator: operator === '>' ? 'gt' : 'lt', bound: parseBound(key, tokens) };
    default:
      throw inRequirement(operator, OPERATORS);
  }
};

const parseValue = (key: string, tokens: Tokens): string => {
  if (tokens.peek() === END || tokens.peek() === ',') return '';
  const value = tokens.take();
  if (!isIdentifier(value)) throw inRequirement(value, 'identifier');
  checkValue(key, value);
  return value;
};

const parseBound = (key: string, tokens: Tokens): bigint => {
  const value = parseValue(key, tokens);
  if (!isInteger(value))
    throw invalid(
      `values[0][${key}]`,
      `"${value}"`,
      `for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  return BigInt(value);
};

/** `(a,b)`; empty places between commas are the empty string, as in Kubernetes. */
const parseValues = (key: string, tokens: Tokens): string[] => {
  if (tokens.peek() !== '(') throw inRequirement(tokens.peek(), `'('`);
  tokens.take();
  if (tokens.peek() === ')')
    throw invalid('values', '[]', `for 'in', 'notin' operators, values set can't be empty`);
  const values = [''];
  for (let token = tokens.take(); token !== ')'; token = tokens.take()) {
    if (token === ',') values.push('');
    else if (!isIdentifier(token) || values.at(-1) !== '')
      throw inRequirement(token, `',', ')' or identifier`);
    else values[values.length - 1] = token;
  }
  values.forEach((value, index) => checkValue(key, value, index));
  return values;
};

const checkKey = (key: string): void => {
  const findings = qualifiedName(key);
  if (findings.length > 0) throw invalid('key', JSON.stringify(key), findings.join('; '));
};

const checkValue = (key: string, value: string, index = 0): void => {
  const findings = labelValue(value);
  if (findings.length > 0)
    throw invalid(`values[${index}][${key}]`, JSON.stringify(value), findings.join('; '));
};
