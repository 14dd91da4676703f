import type { Endpoints } from '../../../k8s/generated/types.ts';
import { endpoints } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { endpointsCell } from '../../columns/endpoint-cells.ts';
import { endpointsWarnings } from '../../validation/endpoints-warnings.ts';
import { validateEndpoints } from '../../validation/endpoints.ts';
import { defineKind } from '../define-kind.ts';

export const endpointsKind = defineKind<Endpoints>({
  resource: endpoints,
  singular: 'endpoints',
  shortNames: ['ep'],
  categories: [],
  definition: 'io.k8s.api.core.v1.Endpoints',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...texts('Endpoints'), AGE],
  row: (object, nowMs) => [nameCell(object), endpointsCell(object), ageCell(object, nowMs)],
  fields: {},
  applyDefaults: ({ subsets }) => {
    for (const { ports } of subsets ?? []) for (const port of ports ?? []) port.protocol ||= 'TCP';
  },
  validate: validateEndpoints,
  warnings: endpointsWarnings,
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
});
