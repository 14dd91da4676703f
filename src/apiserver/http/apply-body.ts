// The body of a server-side apply: YAML, of which JSON is a part. Keys that stand twice are found as Go's YAML finds them.
import { DEEPEST, isTooDeep } from '../../lang/depth.ts';
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { badRequest } from '../status-errors.ts';
import { duplicateFields } from './duplicate-fields.ts';
import type { ApiRequest } from './exchange.ts';
import { parseFieldValidation } from './request-options.ts';

/** Throws 400 for a body that is no object, or that a strict request must be refused for. */
export const readConfig = async (request: ApiRequest): Promise<JsonObject> => {
  const validation = parseFieldValidation(request.query.get('fieldValidation'), 'PatchOptions');
  const text = (await request.body()).toString('utf8');
  const { value, duplicates } = parseJson(text) ?? (await parseYaml(text));
  if (isTooDeep(value)) throw badRequest(`error decoding patch: exceeded max depth of ${DEEPEST}`);
  if (!isJsonObject(value)) throw badRequest('error decoding patch: the configuration must be an object');
  if (duplicates.length === 0 || validation === 'Ignore') return value;
  const problem = `error converting YAML to JSON: yaml: unmarshal errors:\n${duplicates.map((each) => `  ${each}`).join('\n')}`;
  if (validation === 'Strict') throw badRequest(`error strict decoding patch: ${problem}`);
  request.warn(problem);
  return value;
};

type Parsed = { readonly value: unknown; readonly duplicates: readonly string[] };

// Most clients send JSON, which is read a hundred times faster; the rare one with duplicates goes the long way.
const parseJson = (text: string): Parsed | undefined => {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return duplicateFields(text).length > 0 ? undefined : { value, duplicates: [] };
  } catch {
    return undefined;
  }
};

// Go's YAML is of version 1.1: `yes` and `on` are true.
const parseYaml = async (text: string): Promise<Parsed> => {
  const { parseDocument } = await import('yaml');
  const document = attempt(() => parseDocument(text, { version: '1.1', merge: true }));
  const fatal = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  if (fatal) throw badRequest(`error decoding patch: ${fatal.message}`);
  const duplicates = document.errors.map(
    ({ pos, linePos }) => `line ${linePos?.[0].line ?? 1}: key ${keyAt(text, pos[0])} already set in map`,
  );
  return { value: attempt(() => document.toJS({ maxAliasCount: 100 }) as unknown), duplicates };
};

const attempt = <T>(parse: () => T): T => {
  try {
    return parse();
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }
};

const keyAt = (text: string, offset: number): string => {
  const key = /^("(?:[^"\\]|\\.)*"|'[^']*'|[^:\n]*)/.exec(text.slice(offset, offset + 256))?.[0].trim() ?? '';
  return JSON.stringify(key.replace(/^["']|["']$/g, ''));
};
