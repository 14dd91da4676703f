import type { EndpointSlice } from '../../../k8s/generated/types.ts';
import { endpointSlices } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { sliceEndpointsCell, slicePortsCell } from '../../columns/endpoint-cells.ts';
import { validateEndpointSlice, validateEndpointSliceUpdate } from '../../validation/endpoints.ts';
import { defineKind } from '../define-kind.ts';

export const endpointSliceKind = defineKind<EndpointSlice>({
  resource: endpointSlices,
  singular: 'endpointslice',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.discovery.v1.EndpointSlice',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  columns: [NAME, ...texts('AddressType', 'Ports', 'Endpoints'), AGE],
  row: (slice, nowMs) => [
    nameCell(slice),
    slice.addressType,
    slicePortsCell(slice),
    sliceEndpointsCell(slice),
    ageCell(slice, nowMs),
  ],
  fields: {},
  applyDefaults: ({ ports }) => {
    for (const port of ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
  validate: validateEndpointSlice,
  validateUpdate: validateEndpointSliceUpdate,
});
