// The types that ownership walks by (managed-fields/), made from the generated schemas as kube-apiserver makes them from
// its OpenAPI document: k8s.io/kube-openapi/pkg/schemaconv.
import type { FieldType, ListKey, ListType, ScalarType, StructField } from '../managed-fields/field-type.ts';
import { DEDUCED } from '../managed-fields/field-type.ts';
import type { Definition, Definitions } from './schema.ts';

export type FieldTypes = {
  /** The type of a definition. Throws for a name that is not there. */
  readonly type: (definition: string) => FieldType;
};

/** Types are made when they are first asked for, each definition's once. */
export const createFieldTypes = (definitions: Definitions): FieldTypes => {
  const types = new Map<string, FieldType>();
  const resolve = (name: string): FieldType => {
    const known = types.get(name);
    if (known) return known;
    const definition = definitions[name];
    if (!definition) throw new Error(`schema.json has no definition ${name}`);
    const type = typeOf(definition, resolve);
    types.set(name, type);
    return type;
  };
  return { type: resolve };
};

type Resolve = (name: string) => FieldType;

const typeOf = (definition: Definition, resolve: Resolve): FieldType => {
  const isAtomic = definition['x-kubernetes-map-type'] === 'atomic';
  if (definition.$ref !== undefined) return referred(resolve(definition.$ref), isAtomic);
  if (definition.properties) return structType(definition, isAtomic, resolve);
  if (definition.items) return listType(definition, definition.items, resolve);
  if (definition.additionalProperties)
    return { kind: 'map', isAtomic, values: typeOf(definition.additionalProperties, resolve) };
  return scalarType(definition);
};

const referred = (type: FieldType, isAtomic: boolean): FieldType =>
  isAtomic && type.kind === 'struct' ? { ...type, isAtomic } : type;

const structType = (definition: Definition, isAtomic: boolean, resolve: Resolve): FieldType => {
  let fields: ReadonlyMap<string, StructField> | undefined;
  return {
    kind: 'struct',
    isAtomic,
    get fields() {
      return (fields ??= fieldsOf(definition, resolve));
    },
    others: undefined,
  };
};

const fieldsOf = (
  { properties = {}, required = [] }: Definition,
  resolve: Resolve,
): ReadonlyMap<string, StructField> =>
  new Map(
    Object.entries(properties).map(([name, property]) => [
      name,
      { type: typeOf(property, resolve), whenEmpty: whenEmpty(name, property, required.includes(name)) },
    ]),
  );

const whenEmpty = (name: string, { $ref }: Definition, isRequired: boolean): StructField['whenEmpty'] => {
  if ($ref !== undefined && VALUE_STRUCTS.has(name)) return 'struct';
  return isRequired ? 'null' : 'nothing';
};

// Structs that Go's types of the API hold by value: an object without them cannot be written, so no one ever adds them.
const VALUE_STRUCTS: ReadonlySet<string> = new Set([
  'metadata',
  'spec',
  'status',
  'template',
  'jobTemplate',
  'strategy',
  'updateStrategy',
  'loadBalancer',
  'nodeInfo',
  'daemonEndpoints',
  'kubeletEndpoint',
  'source',
]);

const listType = (definition: Definition, items: Definition, resolve: Resolve): ListType => {
  const keys = keyNames(definition);
  return {
    kind: 'list',
    merges: keys.length > 0 ? 'by keys' : isSet(definition) ? 'as a set' : 'as a whole',
    keys: keys.map((name) => keyOf(name, items)),
    items: typeOf(items, resolve),
  };
};

// x-kubernetes-list-type decides; without one the rules of strategic merge patches do.
const keyNames = (definition: Definition): readonly string[] => {
  const kind = definition['x-kubernetes-list-type'];
  if (kind === 'map') return [...(definition['x-kubernetes-list-map-keys'] ?? [])].sort();
  const mergeKey = definition['x-kubernetes-patch-merge-key'];
  return kind === undefined && mergeKey && isMerged(definition) ? [mergeKey] : [];
};

const isSet = (definition: Definition): boolean =>
  (definition['x-kubernetes-list-type'] ?? (isMerged(definition) ? 'set' : 'atomic')) === 'set';

const isMerged = (definition: Definition): boolean =>
  definition['x-kubernetes-patch-strategy']?.split(',').includes('merge') ?? false;

// `+default` of the Go types; the published schemas leave it out.
const KEY_DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'io.k8s.api.core.v1.ContainerPort': { protocol: 'TCP' },
  'io.k8s.api.core.v1.ServicePort': { protocol: 'TCP' },
};

const keyOf = (name: string, items: Definition): ListKey => ({
  name,
  byDefault: KEY_DEFAULTS[items.$ref ?? '']?.[name],
});

// Quantities, and ports by name or number, may be strings or numbers.
const scalarType = ({ type, oneOf }: Definition): ScalarType | typeof DEDUCED => {
  if (oneOf) return { kind: 'scalar', accepts: 'any' };
  if (type === 'integer' || type === 'number') return { kind: 'scalar', accepts: 'number' };
  return type === 'boolean' || type === 'string' ? { kind: 'scalar', accepts: type } : DEDUCED;
};
