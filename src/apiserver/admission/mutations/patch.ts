// What an expression has evaluated to, as a change of an object: a configuration that is laid over it as server-side apply lays
// one, or a JSON patch (k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch/{smd.go,json_patch.go}; 1.36).
import { misnamed } from '../../../cel/mutation.ts';
import { CelError, Message, elementsOf, isList, isMap } from '../../../cel/values/value.ts';
import type { Value } from '../../../cel/values/value.ts';
import { jsonOf } from '../../../cel/values/json.ts';
import { ApiError } from '../../../k8s/api-error.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import { isJsonObject } from '../../../lang/json.ts';
import type { JsonObject } from '../../../lang/json.ts';
import { elementText, fieldElement, indexElement } from '../../managed-fields/field-path.ts';
import { problemsOf, problemsText } from '../../managed-fields/check.ts';
import { memberType } from '../../managed-fields/field-type.ts';
import type { FieldType } from '../../managed-fields/field-type.ts';
import { merge } from '../../managed-fields/merge.ts';
import { applyJsonPatch } from '../../patch/json-patch.ts';

/** The changed object, which may be none of its kind any more, or what is wrong with the change. */
export type Patched = { readonly object: unknown } | { readonly failure: string };

export const applyConfiguration = (type: FieldType, object: KubeObject, value: Value): Patched => {
  const wrong = misnamed(value);
  if (wrong) return { failure: `type mismatch: ${wrong}` };
  const { apiVersion, kind } = object;
  const config: JsonObject = { ...(jsonOf(value) as JsonObject), apiVersion, kind };
  const problems = problemsOf(type, config);
  if (problems.length > 0)
    return {
      failure: `error applying patch: failed to convert patch object to typed object: ${problemsText(problems)}`,
    };
  const atomics = atomicsOf(type, config);
  if (atomics.length > 0)
    return {
      failure: `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`,
    };
  return { object: merge(type, object as JsonObject, config) };
};

/** Where a configuration would take the place of all that is there. */
const atomicsOf = (type: FieldType, value: unknown, path = ''): readonly string[] => {
  if (Array.isArray(value) && type.kind === 'list')
    return [
      ...(type.merges === 'as a whole' ? [path] : []),
      ...value.flatMap((item, index) => atomicsOf(type.items, item, path + elementText(indexElement(index)))),
    ];
  if (!isJsonObject(value) || (type.kind !== 'struct' && type.kind !== 'map')) return [];
  const names = Object.keys(value);
  return [
    ...(type.isAtomic ? [path] : []),
    ...names.flatMap((name) =>
      atomicsOf(memberType(type, name), value[name], path + elementText(fieldElement(name))),
    ),
  ];
};

export const applyOperations = (object: KubeObject, value: Value): Patched => {
  const operations = isList(value) ? elementsOf(value).map(operationOf) : [];
  const wrong = operations.find((each) => 'failure' in each);
  if (wrong) return wrong;
  try {
    return {
      object: applyJsonPatch(
        object,
        operations.map((each) => (each as { operation: object }).operation),
      ),
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const why = reasonOf(error);
    // A test that fails leaves the object as it is.
    return why.startsWith('Test failed') ? { object } : { failure: `JSON Patch: ${why}` };
  }
};

type Operation = { readonly operation: object } | { readonly failure: string };

const operationOf = (message: Value): Operation => {
  if (!isMap(message))
    throw new CelError('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch');
  const [op, path, from, value] = ['op', 'path', 'from', 'value'].map((name) => message.find(name));
  const wrong = value instanceof Message ? misnamed(value, value.typeName) : undefined;
  if (wrong) return { failure: `type mismatch: ${wrong}` };
  const operation = { op: op ?? '', path: path ?? '', ...(from && { from }) };
  return { operation: value === undefined ? operation : { ...operation, value: jsonOf(value) } };
};

const reasonOf = (error: ApiError): string =>
  (error.status.details?.causes ?? []).map(({ message }) => message).join('; ') || error.message;
