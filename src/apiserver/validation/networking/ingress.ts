// Rules for Ingresses (kubernetes pkg/apis/networking/validation/validation.go).
import { parseSloppyAddress } from '../../../ip/sloppy.ts';
import { invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type {
  HTTPIngressPath,
  Ingress,
  IngressBackend,
  IngressRule,
  IngressServiceBackend,
  IngressSpec,
  TypedLocalObjectReference,
} from '../../../k8s/generated/types.ts';
import { pathSegment } from '../../../k8s/name-rules.ts';
import { ipAddress, unlessKnown } from '../addresses.ts';
import { type FieldErrors, each, ifSet, ifText, when } from '../compose.ts';
import { portNumber } from '../scalars.ts';
import { dnsLabel, dnsSubdomain, portName, wildcardSubdomain } from '../texts.ts';

export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export const validateIngress = (
  { metadata, spec }: Ingress,
  _context: unknown,
  before?: Ingress,
): FieldErrors => {
  const annotation = metadata?.annotations?.[CLASS_ANNOTATION];
  const className = spec?.ingressClassName;
  const differs = annotation !== undefined && className !== undefined && annotation !== className;
  return [
    ...ingressSpec(spec ?? {}),
    ...when(!before && differs, () =>
      invalid(
        `annotations.${CLASS_ANNOTATION}`,
        annotation,
        'must match `ingressClassName` when both are specified',
      ),
    ),
  ];
};

const ingressSpec = (spec: IngressSpec): FieldErrors => [
  ...when(!spec.rules?.length && !spec.defaultBackend, () =>
    invalid('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'),
  ),
  ...ifSet(spec.defaultBackend, (value) => backend(value, 'spec.defaultBackend')),
  ...each(spec.rules, 'spec.rules', rule),
  ...each(spec.tls, 'spec.tls', ({ hosts, secretName }, at) => [
    ...each(hosts, `${at}.hosts`, hostname),
    ...ifText(secretName, (name) => dnsSubdomain(name, `${at}.secretName`)),
  ]),
  ...ifSet(spec.ingressClassName, (name) => dnsSubdomain(name, 'spec.ingressClassName')),
];

const hostname = (host: string, path: string): FieldErrors =>
  host.includes('*') ? wildcardSubdomain(host, path) : dnsSubdomain(host, path);

const notAnAddress = (host: string, path: string): FieldErrors =>
  when(parseSloppyAddress(host) !== undefined, () =>
    invalid(path, host, 'must be a DNS name, not an IP address'),
  );

const rule = ({ host, http }: IngressRule, path: string): FieldErrors => [
  ...ifText(host, (name) => [...notAnAddress(name, `${path}.host`), ...hostname(name, `${path}.host`)]),
  ...ifSet(http, ({ paths }) => [
    ...when(!paths?.length, () => required(`${path}.http.paths`)),
    ...each(paths, `${path}.http.paths`, httpPath),
  ]),
];

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_PARTS = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDS = ['/..', '/.'];

const httpPath = (
  { path: text = '', pathType, backend: target }: HTTPIngressPath,
  at: string,
): FieldErrors => {
  if (!pathType) return [required(`${at}.pathType`, 'pathType must be specified')];
  return [...pathOf(pathType, text, at), ...backend(target ?? {}, `${at}.backend`)];
};

const pathOf = (type: string, text: string, at: string): FieldErrors => {
  const path = `${at}.path`;
  const isStrict = type === 'Exact' || type === 'Prefix';
  if (!isStrict && type !== 'ImplementationSpecific')
    return [notSupported(`${at}.pathType`, type, PATH_TYPES)];
  const isRelative = !text.startsWith('/') && (isStrict || text !== '');
  return [
    ...when(isRelative, () => invalid(path, text, 'must be an absolute path')),
    ...(isStrict ? BAD_PARTS : [])
      .filter((part) => text.includes(part))
      .map((part) => invalid(path, text, `must not contain '${part}'`)),
    ...(isStrict ? BAD_ENDS : [])
      .filter((end) => text.endsWith(end))
      .map((end) => invalid(path, text, `cannot end with '${end}'`)),
  ];
};

const backend = ({ resource, service }: IngressBackend, path: string): FieldErrors => {
  if (resource && service) return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource) return localReference(resource, `${path}.resource`);
  if (service) return serviceBackend(service, path);
  return [invalid(path, '', 'resource or service backend is required')];
};

const serviceBackend = ({ name, port }: IngressServiceBackend, path: string): FieldErrors => [
  ...(name ? dnsLabel(name, `${path}.service.name`) : [required(`${path}.service.name`)]),
  ...servicePort(port ?? {}, path),
];

const servicePort = (
  { name, number }: NonNullable<IngressServiceBackend['port']>,
  path: string,
): FieldErrors => {
  if (name && number) return [invalid(path, '', 'cannot set both port name & port number')];
  if (name) return portName(name, `${path}.service.port.name`);
  if (number) return portNumber(number, `${path}.service.port.number`);
  return [required(path, 'port name or number is required')];
};

export const localReference = (
  { apiGroup, kind, name }: Partial<TypedLocalObjectReference>,
  path: string,
): FieldErrors => [
  ...ifSet(apiGroup, (group) => dnsSubdomain(group, `${path}.apiGroup`)),
  ...segment(kind, `${path}.kind`),
  ...segment(name, `${path}.name`),
];

const segment = (text: string | undefined, path: string): FieldErrors =>
  text ? pathSegment(text).map((finding) => invalid(path, text, finding)) : [required(path)];

const INGRESS = 'status.loadBalancer.ingress';

export const validateIngressStatus = ({ status }: Ingress, before: Ingress): FieldErrors => {
  const known = (before.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const rule = unlessKnown(known, ipAddress);
  return each(status?.loadBalancer?.ingress, INGRESS, ({ ip, hostname: name }, at) => [
    ...ifText(ip, (text) => rule(text, `${at}.ip`)),
    ...ifText(name, (text) => [
      ...dnsSubdomain(text, `${at}.hostname`),
      ...notAnAddress(text, `${at}.hostname`),
    ]),
  ]);
};
