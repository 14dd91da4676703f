// The kind CustomResourceDefinition.
// Source: k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/strategy.go, pkg/apis/apiextensions/v1/defaults.go.
import type { CustomResourceDefinition } from '../../../k8s/generated/types.ts';
import { customResourceDefinitions } from '../../../k8s/resources.ts';
import { CREATED_AT, NAME, createdCell, nameCell } from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import type { Kind } from '../../kind.ts';
import { defineKind } from '../../kinds/define-kind.ts';
import { storageVersionOf } from '../versions.ts';
import { CLEANUP, deletionPending } from './deletion.ts';
import { unknownFormats } from './unknown-formats.ts';
import { validateDefinition } from './validate.ts';

// In place. A definition without names is for validation to refuse.
const setDefaults = (definition: Mutable<CustomResourceDefinition>): void => {
  const spec = (definition.spec ??= {} as typeof definition.spec);
  spec.group ??= '';
  spec.versions ??= [];
  const names = (spec.names ??= { kind: '', plural: '' });
  if (names.kind) {
    names.singular ||= names.kind.toLowerCase();
    names.listKind ||= `${names.kind}List`;
  }
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
};

export const customResourceDefinitionKind: Kind = defineKind<CustomResourceDefinition>({
  resource: customResourceDefinitions,
  singular: 'customresourcedefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  definition: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [NAME, CREATED_AT],
  row: (definition) => [nameCell(definition), createdCell(definition)],
  fields: {},
  needsVersion: true,
  applyDefaults: setDefaults,
  prepareForCreate: (definition) => {
    definition.status = { storedVersions: [storageVersionOf(definition as CustomResourceDefinition)] };
  },
  prepareForUpdate: (definition) => {
    const name = storageVersionOf(definition as CustomResourceDefinition);
    const status = (definition.status ??= {});
    const stored = status.storedVersions ?? [];
    if (name !== '' && !stored.includes(name)) status.storedVersions = [...stored, name];
  },
  validate: (definition, _context, before) => validateDefinition(definition, before),
  warnings: (definition, before) => unknownFormats(definition, before),
  deletion: { finalizer: CLEANUP, mark: deletionPending },
});
