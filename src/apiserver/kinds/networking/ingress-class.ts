import type { IngressClass } from '../../../k8s/generated/types.ts';
import { ingressClasses } from '../../../k8s/resources.ts';
import { AGE, NAME, NONE, ageCell, nameCell, texts } from '../../columns/columns.ts';
import {
  validateIngressClass,
  validateIngressClassUpdate,
} from '../../validation/networking/ingress-class.ts';
import { defineKind } from '../define-kind.ts';

export const ingressClassKind = defineKind<IngressClass>({
  resource: ingressClasses,
  singular: 'ingressclass',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.networking.v1.IngressClass',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  columns: [NAME, ...texts('Controller', 'Parameters'), AGE],
  row: (object, nowMs) => [
    isDefault(object) ? `${nameCell(object)} (default)` : nameCell(object),
    object.spec?.controller ?? '',
    parametersCell(object),
    ageCell(object, nowMs),
  ],
  fields: {},
  applyDefaults: ({ spec }) => {
    if (spec?.parameters) spec.parameters.scope ??= 'Cluster';
  },
  validate: validateIngressClass,
  validateUpdate: validateIngressClassUpdate,
});

const isDefault = ({ metadata }: IngressClass): boolean =>
  metadata?.annotations?.['ingressclass.kubernetes.io/is-default-class'] === 'true';

const parametersCell = ({ spec }: IngressClass): string => {
  if (!spec?.parameters) return NONE;
  const { kind, apiGroup, name } = spec.parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
};
