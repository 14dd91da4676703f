// What can be said of rules (x-kubernetes-validations) without reading their expressions.
import type { FieldError } from '../../../k8s/field-error.ts';
import { invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type { Schema, ValidationRule } from '../structural/schema.ts';
import { followFieldPath } from './field-path.ts';

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

export const ruleTextErrors = (schema: Schema, path: string): readonly FieldError[] =>
  (schema['x-kubernetes-validations'] ?? []).flatMap((rule, index) => {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    return [
      ...textErrors(rule, at),
      ...reasonErrors(rule, at),
      ...pathErrors(schema, rule, `${at}.fieldPath`),
    ];
  });

const hasLines = (text: string): boolean => /[\n\r]/.test(text);

const textErrors = (
  { rule = '', message = '', messageExpression = '' }: ValidationRule,
  at: string,
): readonly FieldError[] => [
  ...messageErrors(rule.trim(), message, at),
  ...(messageExpression !== '' && messageExpression.trim() === ''
    ? [required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified')]
    : []),
];

const messageErrors = (rule: string, message: string, at: string): readonly FieldError[] => {
  const text = message.trim();
  if (rule === '') return [required(`${at}.rule`, 'rule is not specified')];
  if (message !== '' && text === '')
    return [invalid(`${at}.message`, message, 'must be non-empty if specified')];
  if (hasLines(text)) return [invalid(`${at}.message`, message, 'must not contain line breaks')];
  return hasLines(rule) && text === ''
    ? [required(`${at}.message`, 'message must be specified if rule contains line breaks')]
    : [];
};

const reasonErrors = ({ reason }: ValidationRule, at: string): readonly FieldError[] =>
  reason === undefined || REASONS.includes(reason) ? [] : [notSupported(`${at}.reason`, reason, REASONS)];

const pathErrors = (
  schema: Schema,
  { fieldPath = '' }: ValidationRule,
  at: string,
): readonly FieldError[] => {
  if (fieldPath === '') return [];
  return [
    ...(fieldPath.trim() === '' ? [invalid(at, fieldPath, 'must be non-empty if specified')] : []),
    ...(hasLines(fieldPath) ? [invalid(at, fieldPath, 'must not contain line breaks')] : []),
    ...(followFieldPath(fieldPath, schema).ok ? [] : [invalid(at, fieldPath, 'must be a valid path')]),
  ];
};
