// The kinds that a CustomResourceDefinition brings: one for each version that it serves.
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { compileRules } from '../../cel/rules/rules.ts';
import type { Rules } from '../../cel/rules/rules.ts';
import { valueAt } from '../../lang/nested.ts';
import { customResourceDefinitions } from '../../k8s/resources.ts';
import type { Draft, Kind, ScalePaths } from '../kind.ts';
import { isTrue } from './definition/conditions.ts';
import { forbidden } from '../status-errors.ts';
import type { Shape } from '../schema/shape.ts';
import { customColumns } from './columns.ts';
import { finalizerWarnings } from './finalizer-warnings.ts';
import { definitionName, openApiSchema } from './open-api.ts';
import { createCustomShape } from './shape.ts';
import { applyDefaults } from './structural/defaults.ts';
import { validateCustom, validateCustomStatus } from './validation.ts';
import { byPriority, deprecationOf, schemaOf } from './versions.ts';
import { createConversion } from './conversion.ts';
import { createVersions } from './version-views.ts';
import type { Versions } from './version-views.ts';
import type { WebhookClient } from '../webhooks/webhook-client.ts';

export type CustomKindOptions = {
  /** How metadata is read and owned. */
  readonly metadata: Shape;
  /** Whom to ask for conversions. */
  readonly webhooks: WebhookClient;
};

/** By priority. The definition has been validated, and its names accepted. */
export const customKinds = (
  definition: CustomResourceDefinition,
  { metadata, webhooks }: CustomKindOptions,
): readonly Kind[] => {
  const versions = createVersions(definition, createConversion(definition, webhooks));
  return definition.spec.versions
    .filter(({ served }) => served)
    .sort((a, b) => byPriority(a.name, b.name))
    .map((version) => customKind(definition, version, versions, metadata));
};

const TERMINATING = 'create not allowed while custom resource definition is terminating';

const nameOf = ({ metadata }: Draft): string => String(metadata?.['name'] ?? '');

const customKind = (
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  versions: Versions,
  metadata: Shape,
): Kind => {
  const { group } = definition.spec;
  const apiVersion = `${group}/${version.name}`;
  const schema = schemaOf(version);
  const [scale, hasStatus] = [scalePaths(version), version.subresources?.status !== undefined];
  let rules: Rules | undefined; // compiled when the first object comes: many definitions have none
  const validation = {
    schema,
    scale,
    get rules() {
      return (rules ??= compileRules(schema));
    },
  };
  const deprecation = deprecationOf(definition, version);
  return {
    ...namesOf(definition, version.name),
    definition: definitionName(group, version.name, definition.spec.names.kind),
    nameRule: 'dns1123Subdomain',
    subresources: [...(hasStatus ? ['status' as const] : []), ...(scale ? ['scale' as const] : [])],
    hasGeneration: true,
    needsVersion: true,
    shape: createCustomShape(schema, metadata),
    view: versions.views.get(apiVersion)!,
    storedForm: versions.storedForm,
    custom: {
      listKind: definition.spec.names.listKind!,
      openApi: () => openApiSchema(definition, version),
      ...(versions.prepare && { prepare: versions.prepare }),
    },
    ...(scale && { scale }),
    ...customColumns(version.additionalPrinterColumns),
    fields: selectableFields(version),
    applyDefaults: (draft) => applyDefaults(draft, schema),
    prepareForCreate: (draft, { get }) => {
      const { plural } = definition.spec.names;
      if (isTrue(get(customResourceDefinitions, `${plural}.${group}`) ?? definition, 'Terminating'))
        throw forbidden(
          { ...customResourceDefinitions, group, resource: plural },
          nameOf(draft),
          TERMINATING,
        );
      if (hasStatus) delete draft['status'];
    },
    validate: (object, _context, before) => validateCustom(validation, object, before),
    validateStatus: (object, before) => validateCustomStatus(validation, object, before),
    warnings: finalizerWarnings,
    ...(deprecation !== undefined && { deprecation }),
  };
};

/** The names that were accepted: others may have been asked for since. */
const namesOf = (
  { spec, status }: CustomResourceDefinition,
  version: string,
): Pick<Kind, 'resource' | 'singular' | 'shortNames' | 'categories'> => {
  const { plural, kind, singular, shortNames, categories } = status!.acceptedNames!;
  return {
    resource: { group: spec.group, version, resource: plural, kind, namespaced: spec.scope === 'Namespaced' },
    singular: singular ?? kind.toLowerCase(),
    shortNames: shortNames ?? [],
    categories: categories ?? [],
  };
};

const scalePaths = ({ subresources }: CustomResourceDefinitionVersion): ScalePaths | undefined => {
  const scale = subresources?.scale;
  return (
    scale && {
      spec: scale.specReplicasPath,
      status: scale.statusReplicasPath,
      selector: scale.labelSelectorPath || undefined,
    }
  );
};

const selectableFields = ({
  selectableFields: fields = [],
}: CustomResourceDefinitionVersion): Kind['fields'] =>
  Object.fromEntries(
    fields.map(({ jsonPath }) => [
      jsonPath.replace(/^\./, ''),
      (object: KubeObject) => String(valueAt(object, jsonPath) ?? ''),
    ]),
  );
