// Field selectors: `metadata.name=web,status.phase!=Running`.
// Grammar and messages: k8s.io/apimachinery/pkg/fields/selector.go (Kubernetes 1.36).
import { SelectorError } from './labels.ts';

export type FieldRequirement = {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
};

/** All requirements must hold; none match everything. */
export type FieldRequirements = readonly FieldRequirement[];

/** Reads a field selector. Empty text selects everything; `\` escapes `,`, `=` and itself. Throws SelectorError. */
export const parseFieldSelector = (text: string): FieldRequirements =>
  termsOf(text)
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text));

/** Whether the values that `valueOf` gives for each field meet every requirement. */
export const matchesFields = (requirements: FieldRequirements, valueOf: (field: string) => string): boolean =>
  requirements.every(({ field, operator, value }) => (valueOf(field) === value) === (operator === '='));

const termsOf = (text: string): string[] => text.match(/(?:\\[\s\S]|[^,\\])+|\\$/g) ?? [];

const parseTerm = (term: string, text: string): FieldRequirement => {
  const match = /^((?:\\[\s\S]|[^=!\\])*?)(!=|==|=)([\s\S]*)$/.exec(term);
  if (!match) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
  return { field: match[1]!, operator: match[2] === '!=' ? '!=' : '=', value: unescape(match[3]!, text) };
};

const unescape = (value: string, text: string): string => {
  if (/^(?:[^\\,=]|\\[\\,=])*$/.test(value)) return value.replace(/\\([\\,=])/g, '$1');
  throw new SelectorError(`invalid field selector: ${text}: unescaped or invalid escape in '${value}'`);
};
