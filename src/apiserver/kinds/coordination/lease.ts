import type { Lease } from '../../../k8s/generated/types.ts';
import { leases } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { validateLease } from '../../validation/lease.ts';
import { defineKind } from '../define-kind.ts';

export const leaseKind = defineKind<Lease>({
  resource: leases,
  singular: 'lease',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.coordination.v1.Lease',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...texts('Holder'), AGE],
  row: (lease, nowMs) => [nameCell(lease), lease.spec?.holderIdentity ?? '', ageCell(lease, nowMs)],
  fields: {},
  applyDefaults: () => {},
  validate: validateLease,
});
