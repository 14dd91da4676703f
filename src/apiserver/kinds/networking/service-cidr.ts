import type { ServiceCIDR } from '../../../k8s/generated/types.ts';
import { serviceCidrs } from '../../../k8s/resources.ts';
import { DEFAULT_SERVICE_CIDR } from '../../../k8s/service-addresses.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import type { Kind } from '../../kind.ts';
import { validateServiceCidr, validateServiceCidrUpdate } from '../../validation/service-cidr.ts';
import { defineKind } from '../define-kind.ts';

/** The server starts with one of its own, from its flags. */
export const serviceCidrKind = (cidrs: readonly string[]): Kind =>
  defineKind<ServiceCIDR>({
    resource: serviceCidrs,
    singular: 'servicecidr',
    shortNames: [],
    categories: [],
    definition: 'io.k8s.api.networking.v1.ServiceCIDR',
    nameRule: 'dns1123Subdomain',
    subresources: ['status'],
    hasGeneration: false,
    columns: [NAME, ...texts('CIDRs'), AGE],
    row: (object, nowMs) => [nameCell(object), (object.spec?.cidrs ?? []).join(','), ageCell(object, nowMs)],
    fields: {},
    applyDefaults: () => {},
    validate: validateServiceCidr,
    validateUpdate: validateServiceCidrUpdate,
    initial: [{ metadata: { name: DEFAULT_SERVICE_CIDR }, spec: { cidrs: [...cidrs] } }],
  });
