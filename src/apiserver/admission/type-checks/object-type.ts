// The CEL type of a kind's objects, from what the API knows of their fields.
import { declarationOf } from '../../../cel/schema/declaration.ts';
import { escapeName } from '../../../cel/schema/escape.ts';
import type { Schema } from '../../../cel/schema/schema.ts';
import { BOOL, BYTES, DOUBLE, DYN, INT, STRING, TIMESTAMP, listOf, mapOf } from '../../../cel/types/type.ts';
import type { CelType } from '../../../cel/types/type.ts';
import type { Kind } from '../../kind.ts';
import type { ObjectNode, ScalarKind, SchemaNode } from '../../schema/schema.ts';
import type { Shape, Shaped } from '../../schema/shape.ts';

const META = { definition: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' };

/** Where nothing is known of a field anything may be done with it. O(schema). */
export const objectTypeOf = (kind: Kind, shape: (of: Shaped) => Shape): CelType => {
  const { root } = shape(kind);
  if (root) return structOf(root, []);
  const meta = shape(META).root;
  const schema = kind.custom?.openApi() as Schema | undefined;
  const declared = schema && declarationOf(schema, kind.resource.kind, true)?.type;
  if (declared?.kind !== 'object' || !meta) return DYN;
  return { ...declared, fields: new Map([...declared.fields, ['metadata', structOf(meta, [])]]) };
};

/** `within`: the definitions that it is a part of. One that holds itself could go on for ever. */
const structOf = (node: ObjectNode, within: readonly ObjectNode[]): CelType => {
  if (within.includes(node)) return DYN;
  const fields = [...node.fields].flatMap(([name, field]): readonly (readonly [string, CelType])[] => {
    const identifier = escapeName(name);
    return identifier === undefined ? [] : [[identifier, typeOf(field.node, [...within, node])]];
  });
  return { kind: 'object', name: node.name, fields: new Map(fields) };
};

const typeOf = (node: SchemaNode, within: readonly ObjectNode[]): CelType => {
  if (node.kind === 'object') return structOf(node, within);
  if (node.kind === 'map') return mapOf(STRING, typeOf(node.values, within));
  if (node.kind === 'list') return listOf(typeOf(node.items, within));
  return node.kind === 'objectOrBoolean' ? DYN : SCALARS[node.kind];
};

const SCALARS: Readonly<Record<ScalarKind, CelType>> = {
  any: DYN,
  boolean: BOOL,
  bytes: BYTES,
  int32: INT,
  int64: INT,
  intOrString: DYN,
  microTime: TIMESTAMP,
  number: DOUBLE,
  quantity: DYN, // a number or a text
  string: STRING,
  time: TIMESTAMP,
};
