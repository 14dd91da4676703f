// What expressions of MutatingAdmissionPolicies have besides: messages that stand for parts of objects and for operations of
// JSON patches (k8s.io/apiserver/pkg/cel/mutation, pkg/cel/library/jsonpatch.go).
import type { Environment } from './environment.ts';
import { overload } from './functions/overload.ts';
import { readsSame } from './functions/strings.ts';
import { DYN, STRING } from './types/type.ts';
import type { ObjectType } from './types/type.ts';
import { Message, elementsOf, isList, isMap } from './values/value.ts';
import type { Value } from './values/value.ts';

const OBJECT = 'Object';

const JSON_PATCH: ObjectType = {
  kind: 'object',
  name: 'JSONPatch',
  fields: new Map([
    ['op', STRING],
    ['path', STRING],
    ['from', STRING],
    ['value', DYN],
  ]),
};

/** `Object`, `Object.spec`, `Object.spec.template`: any name of a field may follow. */
const messageType = (name: string): ObjectType | undefined => {
  if (name === JSON_PATCH.name) return JSON_PATCH;
  if (name !== OBJECT && !name.startsWith(`${OBJECT}.`)) return undefined;
  return { kind: 'object', name, fields: new Map(), isOpen: true };
};

const ESCAPE_KEY = overload(
  'jsonpatch.escapeKey',
  'string_jsonpatch_escapeKey_string',
  '(string) -> string',
  (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
  readsSame,
);

export const withPatches = (environment: Environment): Environment => ({
  ...environment,
  functions: new Map([...environment.functions, [ESCAPE_KEY.name, [ESCAPE_KEY]]]),
  messages: messageType,
});

/** What is wrong if a message within is not called by the fields that lead to it: `Object.spec` is what `Object{spec: }` holds. */
export const misnamed = (value: Value, path: string = OBJECT): string | undefined => {
  if (isList(value)) return first(elementsOf(value).map((each) => misnamed(each, path)));
  if (!isMap(value)) return undefined;
  const isMessage = value instanceof Message;
  if (isMessage && value.typeName !== path)
    return `unexpected type name "${value.typeName}", expected "${path}", which matches field name path from root Object type`;
  return first(
    value.keys().map((key) => misnamed(value.find(key)!, isMessage ? `${path}.${String(key)}` : path)),
  );
};

const first = (findings: readonly (string | undefined)[]): string | undefined =>
  findings.find((each) => each !== undefined);
