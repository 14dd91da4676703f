// The schema that a field path leads to: `.spec.a['b.c']`.
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/validation.go, ValidFieldPath.
import { ownValue } from '../../../lang/own-value.ts';
import { additionalSchema } from '../structural/schema.ts';
import type { Schema } from '../structural/schema.ts';

export type Followed =
  | { readonly ok: true; readonly schema: Schema | undefined }
  | { readonly ok: false; readonly problem: string };

const TOKEN = /^(?:\.([^.[\]]+)|\['((?:\\.|[^'\\])*)'\])/;

export const followFieldPath = (path: string, from: Schema): Followed => {
  let [schema, rest]: [Schema | undefined, string] = [from, path];
  while (rest !== '') {
    const token = TOKEN.exec(rest);
    if (!token) return { ok: false, problem: problemAt(rest) };
    const name = token[1] ?? token[2]!.replace(/\\(.)/g, '$1');
    const next = nextSchema(schema, name);
    if (!next) return { ok: false, problem: 'does not refer to a valid field' };
    schema = next.schema;
    rest = rest.slice(token[0].length);
  }
  return { ok: true, schema };
};

const problemAt = (text: string): string => {
  if (text === '.' || text === '[') return 'unexpected end of JSON path';
  if (text.startsWith('['))
    return `expected single quoted string but got ${text.slice(1).replace(/\].*/, '')}`;
  return `expected [ or . but got: ${text.replace(/[.[].*/, '')}`;
};

const nextSchema = (
  schema: Schema | undefined,
  name: string,
): { readonly schema: Schema | undefined } | undefined => {
  if (!schema) return undefined;
  if (schema.properties) {
    const own = ownValue(schema.properties, name);
    return own && { schema: own };
  }
  return schema.additionalProperties ? { schema: additionalSchema(schema) } : undefined;
};
