// A rule's `fieldPath`: `.spec.ports`, `.labels['app']`, names of fields that the schema has; no indexes of lists.
import { valueSchema } from '../schema/schema.ts';
import type { Schema } from '../schema/schema.ts';

/** The path as messages print it, without the first dot; undefined if the schema has no such field. */
export const normalizeFieldPath = (path: string, schema: Schema): string | undefined => {
  const steps = path.match(/\.[^.[\]]+|\['(?:[^'\\]|\\.)*'\]|[^]/g) ?? [];
  let at: Schema | undefined = schema;
  let text = '';
  for (const step of steps) {
    const name = stepName(step);
    if (name === undefined || !at) return undefined;
    const isField: boolean = at.properties !== undefined;
    at = isField ? ownField(at, name) : valueSchema(at);
    if (!at) return undefined;
    text += isField ? `${text === '' ? '' : '.'}${name}` : `[${name}]`;
  }
  return text === '' ? undefined : text;
};

const ownField = ({ properties }: Schema, name: string): Schema | undefined =>
  properties && Object.hasOwn(properties, name) ? properties[name] : undefined;

const stepName = (step: string): string | undefined => {
  if (step.startsWith('.')) return step.slice(1) || undefined;
  return step.startsWith("['") ? unescape(step.slice(2, -2)) : undefined;
};

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

const unescape = (text: string): string | undefined => {
  const isFine = [...text.matchAll(/\\([^])/g)].every(([, letter]) => letter! in ESCAPES);
  return isFine ? text.replace(/\\([^])/g, (_, letter: string) => ESCAPES[letter]!) : undefined;
};
