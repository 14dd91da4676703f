// What a rule that does not hold says: its messageExpression's text, its message, or the rule itself.
import type { FieldError, FieldErrorType } from '../../k8s/field-error.ts';
import type { Evaluation, Program } from '../compile.ts';
import type { ValidationRule } from '../schema/schema.ts';
import type { CompiledRule } from './compile-rule.ts';

/** Longest text of a messageExpression. */
const LONGEST_MESSAGE = 5 * 1024;

export type RuleMessage =
  | { readonly kind: 'text'; readonly detail: string }
  /** No rule is evaluated any more. */
  | { readonly kind: 'stop'; readonly detail: string };

/** `evaluate` gives undefined once the budget is spent. */
export const evaluateMessage = (
  { rule, message }: CompiledRule,
  evaluate: (program: Program) => Evaluation | undefined,
): RuleMessage => {
  if (message === undefined || typeof message === 'string') return { kind: 'text', detail: fallback(rule) };
  const result = evaluate(message);
  if (!result) {
    return {
      kind: 'stop',
      detail:
        'messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run',
    };
  }
  if (!result.ok && result.reason === 'cost-exceeded') {
    return {
      kind: 'stop',
      detail: `no further validation rules will be run due to call cost exceeds limit for messageExpression: ${JSON.stringify(rule.messageExpression)}`,
    };
  }
  const text = result.ok && typeof result.value === 'string' ? result.value.trim() : '';
  const isFine = text !== '' && text.length <= LONGEST_MESSAGE && !text.includes('\n');
  return { kind: 'text', detail: isFine ? text : fallback(rule) };
};

const fallback = (rule: ValidationRule): string =>
  rule.message ? rule.message.trim() : `failed rule: ${ruleText(rule)}`;

/** How messages call a rule. */
export const ruleText = ({ message, rule }: ValidationRule): string => (message || rule).trim();

const REASONS: Readonly<Record<string, readonly [FieldErrorType, string]>> = {
  FieldValueForbidden: ['FieldValueForbidden', 'Forbidden'],
  FieldValueRequired: ['FieldValueRequired', 'Required value'],
  FieldValueDuplicate: ['FieldValueDuplicate', 'Duplicate value'],
};

/** The error for a rule's reason; `value` undefined is not shown. */
export const ruleError = (
  reason: string | undefined,
  field: string,
  value: unknown,
  detail: string,
): FieldError => {
  const [type, title] = REASONS[reason ?? ''] ?? ['FieldValueInvalid', 'Invalid value'];
  const hasValue = value !== undefined && (type === 'FieldValueInvalid' || type === 'FieldValueDuplicate');
  const head = hasValue ? `${title}: ${JSON.stringify(value)}` : title;
  return { type, field, message: type === 'FieldValueDuplicate' ? head : `${head}: ${detail}` };
};
