import type { ConfigMap } from '../../../k8s/generated/types.ts';
import { configMaps } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, integers, nameCell } from '../../columns/columns.ts';
import { validateConfigMap, validateConfigMapUpdate } from '../../validation/stored-data.ts';
import { defineKind } from '../define-kind.ts';

export const configMapKind = defineKind<ConfigMap>({
  resource: configMaps,
  singular: 'configmap',
  shortNames: ['cm'],
  categories: [],
  definition: 'io.k8s.api.core.v1.ConfigMap',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...integers('Data'), AGE],
  row: (map, nowMs) => [
    nameCell(map),
    Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length,
    ageCell(map, nowMs),
  ],
  fields: {},
  applyDefaults: () => {},
  validate: validateConfigMap,
  validateUpdate: validateConfigMapUpdate,
});
