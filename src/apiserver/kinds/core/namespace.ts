import type { Namespace } from '../../../k8s/generated/types.ts';
import { namespaces } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { defineKind } from '../define-kind.ts';

export const namespaceKind = defineKind<Namespace>({
  resource: namespaces,
  singular: 'namespace',
  shortNames: ['ns'],
  categories: [],
  definition: 'io.k8s.api.core.v1.Namespace',
  nameRule: 'dns1123Label',
  subresources: ['status', 'finalize'],
  hasGeneration: false,
  columns: [NAME, ...texts('Status'), AGE],
  row: (namespace, nowMs) => [nameCell(namespace), namespace.status?.phase ?? '', ageCell(namespace, nowMs)],
  fields: { 'status.phase': ({ status }) => status?.phase ?? '' },
  applyDefaults: (namespace) => {
    labelWithName(namespace);
    namespace.spec ??= {};
    namespace.status ??= {};
    namespace.status.phase ||= 'Active';
  },
  prepareForCreate: (namespace) => {
    labelWithName(namespace); // a generated name is known only now
    namespace.spec = { finalizers: [...new Set([...(namespace.spec?.finalizers ?? []), 'kubernetes'])] };
    namespace.status = { phase: 'Active' };
  },
  prepareForUpdate: (namespace, before) => {
    namespace.spec = { finalizers: [...(before.spec?.finalizers ?? [])] };
  },
  validate: () => [],
});

/** So that NetworkPolicies can select a namespace by its name (KEP-2161). */
const labelWithName = ({ metadata }: Mutable<Namespace>): void => {
  if (metadata?.name) (metadata.labels ??= {})['kubernetes.io/metadata.name'] = metadata.name;
};
