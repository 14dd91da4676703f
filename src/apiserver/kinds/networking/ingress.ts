import type { Ingress, IngressClass } from '../../../k8s/generated/types.ts';
import { ingressClasses, ingresses } from '../../../k8s/resources.ts';
import { AGE, NAME, NONE, ageCell, nameCell, texts } from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import {
  CLASS_ANNOTATION,
  validateIngress,
  validateIngressStatus,
} from '../../validation/networking/ingress.ts';
import type { AdmissionContext } from '../../kind.ts';
import { defineKind } from '../define-kind.ts';

export const ingressKind = defineKind<Ingress>({
  resource: ingresses,
  singular: 'ingress',
  shortNames: ['ing'],
  categories: [],
  definition: 'io.k8s.api.networking.v1.Ingress',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [NAME, ...texts('Class', 'Hosts', 'Address', 'Ports'), AGE],
  row: (ingress, nowMs) => [
    nameCell(ingress),
    ingress.spec?.ingressClassName ?? NONE,
    hostsCell(ingress),
    addressCell(ingress),
    ingress.spec?.tls?.length ? '80, 443' : '80',
    ageCell(ingress, nowMs),
  ],
  fields: {},
  applyDefaults: (ingress) => {
    (ingress.status ??= {}).loadBalancer ??= {};
  },
  prepareForCreate: (ingress, context) => {
    ingress.status = { loadBalancer: {} };
    admitClass(ingress, context);
  },
  validate: validateIngress,
  validateStatus: validateIngressStatus,
  warnings: ({ metadata, spec }) =>
    metadata?.annotations?.[CLASS_ANNOTATION] !== undefined && spec?.ingressClassName === undefined
      ? [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`]
      : [],
});

const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

/** Admission plugin DefaultIngressClass: of several the newest, then the first by name. */
const admitClass = ({ metadata, spec }: Mutable<Ingress>, { list }: AdmissionContext): void => {
  if (!spec || spec.ingressClassName !== undefined || metadata?.annotations?.[CLASS_ANNOTATION] !== undefined)
    return;
  const [chosen] = list<IngressClass>(ingressClasses)
    .filter((each) => each.metadata.annotations?.[DEFAULT_CLASS] === 'true')
    .sort(
      ({ metadata: a }, { metadata: b }) =>
        Date.parse(b.creationTimestamp) - Date.parse(a.creationTimestamp) || (a.name < b.name ? -1 : 1),
    );
  if (chosen) spec.ingressClassName = chosen.metadata.name;
};

const HOSTS_SHOWN = 3;

const hostsCell = ({ spec }: Ingress): string => {
  const rules = spec?.rules ?? [];
  const hosts = rules.slice(0, HOSTS_SHOWN).flatMap(({ host }) => host || []);
  if (hosts.length === 0) return '*';
  const more = rules.length - HOSTS_SHOWN;
  return more > 0 ? `${hosts.join(',')} + ${more} more...` : hosts.join(',');
};

const ADDRESS_WIDTH = 16;

const addressCell = ({ status }: Ingress): string => {
  const points = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip || hostname || []);
  const text = [...new Set(points)].sort().join(',');
  return text.length > ADDRESS_WIDTH ? `${text.slice(0, ADDRESS_WIDTH - 3)}...` : text;
};
