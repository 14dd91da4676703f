// The generated field facts as the schemas of an OpenAPI 3.0 document, in the form in which kube-apiserver writes them.
export type Schema = { readonly [key: string]: unknown };

export type Definitions = Readonly<Record<string, Schema>>;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

export const refTo = (definition: string): Schema => ({ $ref: `#/components/schemas/${definition}` });

/** The schemas of `names` and of all that they refer to, by name. */
export const schemasOf = (definitions: Definitions, names: readonly string[]): Definitions => {
  const found = new Map<string, Schema>();
  const visit = (name: string): void => {
    if (found.has(name) || !definitions[name]) return;
    found.set(name, componentOf(name, definitions[name]));
    for (const ref of JSON.stringify(definitions[name]).matchAll(/"\$ref":"([^"]+)"/g)) visit(ref[1]!);
  };
  for (const name of names) visit(name);
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
};

/** The list of a kind: the facts name none, because all lists look alike. */
export const listSchema = (definition: string, gvk: Schema): Schema => ({
  type: 'object',
  required: ['items'],
  properties: {
    apiVersion: { type: 'string' },
    items: { type: 'array', items: { allOf: [refTo(definition)], default: {} } },
    kind: { type: 'string' },
    metadata: { allOf: [refTo(`${META}.ListMeta`)], default: {} },
  },
  'x-kubernetes-group-version-kind': [gvk],
});

const componentOf = (name: string, schema: Schema): Schema => {
  if (name.endsWith('.IntOrString'))
    return { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] };
  const converted = convert(schema);
  const { properties } = converted;
  if (!properties) return converted;
  return { ...converted, properties: typeFieldsOpened(properties as Definitions) };
};

/** The facts pin apiVersion and kind to the one value; OpenAPI documents leave them open, and so does `explain`. */
const typeFieldsOpened = (properties: Definitions): Definitions =>
  Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const isPinned = (name === 'apiVersion' || name === 'kind') && schema['enum'] !== undefined;
      return [name, isPinned ? { type: 'string' } : schema];
    }),
  );

const convert = (schema: Schema): Schema => {
  const { $ref, ...rest } = schema;
  const converted = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, part(key, value)]));
  if (typeof $ref !== 'string') return converted;
  return { allOf: [refTo($ref)], ...converted };
};

const part = (key: string, value: unknown): unknown => {
  if (key === 'properties')
    return Object.fromEntries(
      Object.entries(value as Definitions).map(([name, schema]) => [name, convert(schema)]),
    );
  if (key === 'items' || (key === 'additionalProperties' && typeof value === 'object'))
    return convert(value as Schema);
  if (key === 'oneOf') return (value as readonly Schema[]).map(convert);
  return value;
};
