import type { IPAddress } from '../../../k8s/generated/types.ts';
import { ipAddresses } from '../../../k8s/resources.ts';
import { AGE, NAME, NONE, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { validateIpAddress, validateIpAddressUpdate } from '../../validation/service-cidr.ts';
import { defineKind } from '../define-kind.ts';

export const ipAddressKind = defineKind<IPAddress>({
  resource: ipAddresses,
  singular: 'ipaddress',
  shortNames: ['ip'],
  categories: [],
  definition: 'io.k8s.api.networking.v1.IPAddress',
  nameRule: 'ipAddress',
  subresources: [],
  columns: [NAME, ...texts('ParentRef'), AGE],
  row: (object, nowMs) => [nameCell(object), parentCell(object), ageCell(object, nowMs)],
  fields: {},
  applyDefaults: () => {},
  validate: validateIpAddress,
  validateUpdate: validateIpAddressUpdate,
});

/** `services/default/web`, `gateways.gateway.networking.k8s.io/web`. */
const parentCell = ({ spec }: IPAddress): string => {
  const { group, resource, namespace, name } = spec.parentRef;
  if (!name) return NONE;
  return [group ? `${resource}.${group}` : resource, namespace, name].filter(Boolean).join('/').toLowerCase();
};
