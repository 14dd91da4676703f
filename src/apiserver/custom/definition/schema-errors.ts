// What is wrong with a schema in a definition.
// Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go,
// validateCustomResourceDefinitionValidation.
import type { FieldError } from '../../../k8s/field-error.ts';
import { forbidden, invalid } from '../../../k8s/field-errors.ts';
import { schemaRuleErrors } from '../../../cel/rules/schema-rules.ts';
import type { Schema } from '../structural/schema.ts';
import { defaultErrors } from './default-errors.ts';
import { openApiErrors } from './open-api-errors.ts';
import type { Part } from './parts.ts';
import { structuralErrors } from './structural-errors.ts';

/** Defaults are looked at in structural schemas only, rules in schemas that have nothing else wrong. */
export const schemaErrors = ({ value: schema, path, version }: Part<Schema>): readonly FieldError[] => {
  const structural = structuralErrors(schema, path);
  const errors = [
    ...(version.subresources?.status ? rootErrors(schema, path) : []),
    ...(schema.nullable ? [forbidden(`${path}.nullable`, 'nullable cannot be true at the root')] : []),
    ...(structural.length > 0 ? structural : defaultErrors(schema, path)),
    ...openApiErrors(schema, path),
  ];
  return errors.length > 0 ? errors : schemaRuleErrors(schema, path);
};

// So that no validation of the status is lost when it is looked at alone.
const AT_ROOT: ReadonlySet<string> = new Set(
  (
    'description type format title maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern ' +
    'maxItems minItems uniqueItems multipleOf required items properties externalDocs example ' +
    'x-kubernetes-preserve-unknown-fields x-kubernetes-validations'
  ).split(' '),
);
const AT_ROOT_TEXT =
  '[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]';

const rootErrors = (schema: Schema, path: string): readonly FieldError[] => {
  if (schema.type !== undefined && schema.type !== 'object')
    return [
      invalid(
        `${path}.type`,
        schema.type,
        'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
      ),
    ];
  return Object.keys(schema).every((name) => AT_ROOT.has(name))
    ? []
    : [
        invalid(
          path,
          schema,
          `only ${AT_ROOT_TEXT} fields are allowed at the root of the schema if the status subresource is enabled`,
        ),
      ];
};
