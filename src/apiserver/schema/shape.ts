// How the objects of a kind are read and owned, whoever knows their fields: the generated schemas, or a custom
// resource's own.
import type { FieldType } from '../managed-fields/field-type.ts';
import { decode } from './decode.ts';
import type { Decoded } from './decode.ts';
import { createFieldTypes } from './field-types.ts';
import { createSchemas } from './schema.ts';
import type { Definitions, ObjectNode } from './schema.ts';

export type Shape = {
  /** A copy with what the kind knows. Throws DecodeError for a value that cannot be read. */
  readonly decode: (value: unknown) => Decoded;
  /** By which strategic merge patches go; undefined: the kind has none. */
  readonly root: ObjectNode | undefined;
  readonly fieldType: FieldType;
};

/** Names a generated definition, or brings a shape of its own. */
export type Shaped = { readonly definition: string; readonly shape?: Shape };

/** Shapes are made when they are first asked for. Throws for a definition that is not there. */
export const createShapes = (definitions: Definitions): ((of: Shaped) => Shape) => {
  const [schemas, fieldTypes] = [createSchemas(definitions), createFieldTypes(definitions)];
  const shapes = new Map<string, Shape>();
  return ({ definition, shape: own }) => {
    const known = own ?? shapes.get(definition);
    if (known) return known;
    const root = schemas.root(definition);
    const shape: Shape = {
      decode: (value) => decode(root, value),
      root,
      get fieldType() {
        return fieldTypes.type(definition);
      },
    };
    shapes.set(definition, shape);
    return shape;
  };
};
