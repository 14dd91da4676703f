// Formats that nobody checks: most likely written by mistake.
import type { CustomResourceDefinition } from '../../../k8s/generated/types.ts';
import { isKnownFormat } from '../structural/formats.ts';
import { additionalSchema } from '../structural/schema.ts';
import type { Schema } from '../structural/schema.ts';
import { schemaParts } from './parts.ts';

/** `unrecognized format "int65"`: those that an update brings. */
export const unknownFormats = (
  definition: CustomResourceDefinition,
  before: CustomResourceDefinition | undefined,
): readonly string[] => {
  const known = before ? formatsIn(before) : [];
  return formatsIn(definition)
    .filter((format) => !known.includes(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
};

const formatsIn = (definition: CustomResourceDefinition): readonly string[] => [
  ...new Set(schemaParts(definition).flatMap(({ value }) => unknownIn(value))),
];

const unknownIn = (schema: Schema): readonly string[] => [
  ...(schema.format && !isKnownFormat(schema.type, schema.format) ? [schema.format] : []),
  ...belowOf(schema).flatMap(unknownIn),
];

const belowOf = (schema: Schema): readonly Schema[] =>
  [
    ...Object.values(schema.properties ?? {}),
    additionalSchema(schema),
    schema.items,
    ...(schema.allOf ?? []),
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    schema.not,
  ].filter((each) => each !== undefined);
