import type { ServiceAccount } from '../../../k8s/generated/types.ts';
import { serviceAccounts } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, integers, nameCell } from '../../columns/columns.ts';
import { defineKind } from '../define-kind.ts';

export const serviceAccountKind = defineKind<ServiceAccount>({
  resource: serviceAccounts,
  singular: 'serviceaccount',
  shortNames: ['sa'],
  categories: [],
  definition: 'io.k8s.api.core.v1.ServiceAccount',
  nameRule: 'dns1123Subdomain',
  subresources: ['token'],
  columns: [NAME, ...integers('Secrets'), AGE],
  row: (account, nowMs) => [nameCell(account), account.secrets?.length ?? 0, ageCell(account, nowMs)],
  fields: {},
  applyDefaults: () => {},
  prepareForCreate: (account) => {
    // Of a reference to a secret only its name is kept.
    if (account.secrets) account.secrets = account.secrets.map(({ name }) => ({ name }));
  },
  validate: () => [],
});
