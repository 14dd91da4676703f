// The schemas of src/k8s/generated/schema.json as a tree that can be walked beside a value: what a field holds, and how
// a strategic merge patch treats it.
import { readFileSync } from 'node:fs';

export type SchemaNode =
  | ObjectNode
  | { readonly kind: 'map'; readonly values: SchemaNode }
  | { readonly kind: 'list'; readonly items: SchemaNode }
  | { readonly kind: 'objectOrBoolean'; readonly object: SchemaNode }
  | { readonly kind: ScalarKind };

export type ScalarKind =
  | 'any'
  | 'boolean'
  | 'bytes'
  | 'int32'
  | 'int64'
  | 'intOrString'
  | 'microTime'
  | 'number'
  | 'quantity'
  | 'string'
  | 'time';

export type ObjectNode = {
  readonly kind: 'object';
  /** The Go type's name, for messages: `Container`. */
  readonly name: string;
  readonly fields: ReadonlyMap<string, Field>;
};

export type Field = {
  readonly node: SchemaNode;
  readonly isRequired: boolean;
  /** Lists: merged item by item instead of replaced. */
  readonly isMerged: boolean;
  /** Which member tells a merged list's items apart; undefined for lists of scalars. */
  readonly mergeKey: string | undefined;
};

/** JSON schema as the generator writes it: only what we read of it. */
export type Definition = {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly required?: readonly string[];
  readonly items?: Definition;
  readonly additionalProperties?: Definition;
  readonly oneOf?: readonly Definition[];
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
};

export type Definitions = Readonly<Record<string, Definition>>;

export type Schemas = {
  /** The tree of a definition. Throws for a name that is not there. */
  readonly root: (definition: string) => ObjectNode;
};

/** The definitions of the Kubernetes version that this program speaks. Reads a file. */
export const loadDefinitions = (): Definitions => {
  const file = new URL('../../k8s/generated/schema.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly definitions: Definitions }).definitions;
};

/** Trees are made when they are first asked for, each definition once; definitions may refer to each other. */
export const createSchemas = (definitions: Definitions): Schemas => {
  const nodes = new Map<string, SchemaNode>();
  const resolve = (name: string): SchemaNode => {
    const known = nodes.get(name);
    if (known) return known;
    const definition = definitions[name];
    if (!definition) throw new Error(`schema.json has no definition ${name}`);
    const node = nodeOf(definition, name, resolve);
    nodes.set(name, node);
    return node;
  };
  return {
    root: (definition) => {
      const node = resolve(definition);
      if (node.kind !== 'object') throw new Error(`${definition} is not an object but ${node.kind}`);
      return node;
    },
  };
};

type Resolve = (name: string) => SchemaNode;

// Types whose JSON is not what their schema says.
const SPECIAL: Readonly<Record<string, ScalarKind>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microTime',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intOrString',
};

const JSON_SCHEMA = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps';

const nodeOf = (definition: Definition, name: string, resolve: Resolve): SchemaNode => {
  if (definition.$ref !== undefined) return resolve(definition.$ref);
  if (SPECIAL[name]) return { kind: SPECIAL[name] };
  if (name === `${JSON_SCHEMA}OrBool`) return { kind: 'objectOrBoolean', object: resolve(JSON_SCHEMA) };
  if (name === `${JSON_SCHEMA}OrArray`) return resolve(JSON_SCHEMA); // CustomResourceDefinitions may have no others
  if (definition.properties) return objectNode(definition, name, resolve);
  if (definition.items) return { kind: 'list', items: nodeOf(definition.items, '', resolve) };
  if (definition.additionalProperties)
    return { kind: 'map', values: nodeOf(definition.additionalProperties, '', resolve) };
  return { kind: scalarKind(definition) };
};

const objectNode = (definition: Definition, name: string, resolve: Resolve): ObjectNode => {
  let fields: ReadonlyMap<string, Field> | undefined;
  return {
    kind: 'object',
    name: name.slice(name.lastIndexOf('.') + 1),
    get fields() {
      return (fields ??= fieldsOf(definition, resolve));
    },
  };
};

const fieldsOf = (
  { properties = {}, required = [] }: Definition,
  resolve: Resolve,
): ReadonlyMap<string, Field> =>
  new Map(
    Object.entries(properties).map(([name, property]) => [
      name,
      {
        node: nodeOf(property, '', resolve),
        isRequired: required.includes(name),
        isMerged: property['x-kubernetes-patch-strategy']?.split(',').includes('merge') ?? false,
        mergeKey: property['x-kubernetes-patch-merge-key'],
      },
    ]),
  );

const scalarKind = ({ type, format }: Definition): ScalarKind => {
  if (type === 'string') return format === 'byte' ? 'bytes' : 'string';
  if (type === 'integer') return format === 'int32' ? 'int32' : 'int64';
  return type === 'boolean' || type === 'number' ? type : 'any';
};
