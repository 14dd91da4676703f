import type { ResourceQuota } from '../../../k8s/generated/types.ts';
import { resourceQuotas } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { canonicalResources } from '../../defaults/resources.ts';
import { validateResourceQuota, validateResourceQuotaUpdate } from '../../validation/resource-quota.ts';
import { defineKind } from '../define-kind.ts';

export const resourceQuotaKind = defineKind<ResourceQuota>({
  resource: resourceQuotas,
  singular: 'resourcequota',
  shortNames: ['quota'],
  categories: [],
  definition: 'io.k8s.api.core.v1.ResourceQuota',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  hasGeneration: false,
  columns: [NAME, ...texts('Request', 'Limit'), AGE],
  row: (quota, nowMs) => [
    nameCell(quota),
    usageCell(quota, (name) => !name.startsWith('limits.')),
    usageCell(quota, (name) => name.startsWith('limits.')),
    ageCell(quota, nowMs),
  ],
  fields: {},
  applyDefaults: ({ spec }) => canonicalResources(spec?.hard),
  prepareForCreate: (quota) => {
    quota.status = {};
  },
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
});

/** `pods: 1/10, requests.cpu: 100m/1` */
const usageCell = ({ status }: ResourceQuota, shows: (name: string) => boolean): string =>
  Object.keys(status?.hard ?? {})
    .filter(shows)
    .sort()
    .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
    .join(', ');
