// The body of a server-side apply: YAML, of which JSON is a part. Keys that stand twice are found as Go's YAML finds them.
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { badRequest } from '../status-errors.ts';
import { duplicateFields } from './duplicate-fields.ts';
import type { ApiRequest } from './exchange.ts';
import { withinLevels } from './nesting.ts';
import type { YamlBody } from './parse-yaml.ts';
import { readYaml } from './read-yaml.ts';
import { parseFieldValidation } from './request-options.ts';

/** Throws 400 for a body that is no object, or that a strict request must be refused for. */
export const readConfig = async (request: ApiRequest): Promise<JsonObject> => {
  const validation = parseFieldValidation(request.query.get('fieldValidation'), 'PatchOptions');
  const text = (await request.body()).toString('utf8');
  const { value, duplicates } = parseJson(text) ?? (await parseYaml(text));
  withinLevels(value, text.length);
  if (!isJsonObject(value)) throw badRequest('error decoding patch: the configuration must be an object');
  if (duplicates.length === 0 || validation === 'Ignore') return value;
  const problem = `error converting YAML to JSON: yaml: unmarshal errors:\n${duplicates.map((each) => `  ${each}`).join('\n')}`;
  if (validation === 'Strict') throw badRequest(`error strict decoding patch: ${problem}`);
  request.warn(problem);
  return value;
};

// Most clients send JSON, which is read a hundred times faster; the rare one with duplicates goes the long way.
const parseJson = (text: string): YamlBody | undefined => {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return duplicateFields(text).length > 0 ? undefined : { value, duplicates: [] };
  } catch {
    return undefined;
  }
};

const parseYaml = async (text: string): Promise<YamlBody> => {
  try {
    return await readYaml(text, { version: '1.1', merge: true });
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`);
  }
};
