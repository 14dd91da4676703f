// What is wrong with an applied configuration: unlike other writes, apply knows no field that the schema does not declare.
// Source and messages: sigs.k8s.io/structured-merge-diff/typed/validate.go.
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { elementText, fieldElement, indexElement } from './field-path.ts';
import { memberType } from './field-type.ts';
import type { FieldType, ListType, ScalarType } from './field-type.ts';
import { identify } from './list-items.ts';

/** Each as `.spec.replicaz: field not declared in schema`; none if the configuration can be applied. */
export const problemsOf = (type: FieldType, value: unknown, path = ''): readonly string[] => {
  if (value === null || value === undefined || type.kind === 'deduced') return [];
  if (type.kind === 'scalar') return scalarProblems(type, value, path);
  if (type.kind === 'list')
    return Array.isArray(value)
      ? listProblems(type, value, path)
      : [at(path, `expected list, got ${goText(value)}`)];
  return isJsonObject(value)
    ? memberProblems(type, value, path)
    : [at(path, `expected map, got ${goText(value)}`)];
};

/** As Go prints more than one. */
export const problemsText = (problems: readonly string[]): string =>
  problems.length === 1 ? problems[0]! : `errors:\n${problems.map((each) => `  ${each}`).join('\n')}`;

const at = (path: string, problem: string): string => (path === '' ? problem : `${path}: ${problem}`);

const memberProblems = (type: FieldType, object: JsonObject, path: string): readonly string[] =>
  Object.keys(object).flatMap((name) => {
    const here = path + elementText(fieldElement(name));
    return type.kind === 'struct' && !type.others && !type.fields.has(name)
      ? [at(here, 'field not declared in schema')]
      : problemsOf(memberType(type, name), object[name], here);
  });

const listProblems = (type: ListType, list: readonly unknown[], path: string): readonly string[] => {
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const [index, item] of list.entries()) {
    const identity =
      type.merges === 'as a whole'
        ? { ok: true as const, element: indexElement(index) }
        : identify(type, item);
    if (!identity.ok) return [...problems, at(path, `element ${index}: ${identity.problem}`)];
    const text = elementText(identity.element);
    if (seen.has(text)) problems.push(at(path, `duplicate entries for key ${text}`));
    seen.add(text);
    problems.push(...problemsOf(type.items, item, path + text));
  }
  return problems;
};

const scalarProblems = ({ accepts }: ScalarType, value: unknown, path: string): readonly string[] => {
  const found = typeof value;
  if (accepts === found || (accepts === 'any' && found !== 'object')) return [];
  return [at(path, `expected ${EXPECTED[accepts]}, got ${goText(value)}`)];
};

const EXPECTED: Readonly<Record<ScalarType['accepts'], string>> = {
  any: 'any scalar',
  boolean: 'boolean',
  number: 'numeric (int or float)',
  string: 'string',
};

// Objects and lists are printed by Go with addresses and types: their kind says as much.
const goText = (value: unknown): string => {
  if (Array.isArray(value)) return 'list';
  return isJsonObject(value) ? 'map' : JSON.stringify(value);
};
