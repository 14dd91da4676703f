// Rules for the cluster IPs and families of Services, and for how they may change.
import type { FieldError } from '../../k8s/field-error.ts';
import { duplicate, forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { ipAddress, isDualStack, unlessKnown } from './addresses.ts';
import { type FieldErrors, each, repeatedIndexes, when } from './compose.ts';
import { FIELD_IMMUTABLE, optionalOneOf } from './scalars.ts';

const IPS = 'spec.clusterIPs';
const FAMILIES = 'spec.ipFamilies';
const POLICY = 'spec.ipFamilyPolicy';

export const isHeadlessSpec = ({ clusterIPs }: ServiceSpec): boolean =>
  clusterIPs?.length === 1 && clusterIPs[0] === 'None';

export const clusterIps = (spec: ServiceSpec, before?: ServiceSpec): FieldErrors => {
  if (spec.type === 'ExternalName') return [];
  const ips = spec.clusterIPs ?? [];
  const malformed = wellFormed(ips, before?.clusterIPs);
  return [
    ...twins(spec, ips),
    ...each(spec.ipFamilies, FAMILIES, (family, at) => optionalOneOf(family, ['IPv4', 'IPv6'], at)),
    ...repeatedIndexes(spec.ipFamilies, (family) => family).map((index) =>
      duplicate(`${FAMILIES}[${index}]`, spec.ipFamilies![index]),
    ),
    ...optionalOneOf(spec.ipFamilyPolicy, ['PreferDualStack', 'RequireDualStack', 'SingleStack'], POLICY),
    ...malformed,
    ...when(ips.length > 2, () => invalid(IPS, ips, 'may only hold up to 2 values')),
    ...(malformed.length > 0 ? [] : ofTheirFamilies(spec, ips)),
  ];
};

/** clusterIP is the first of clusterIPs. */
const twins = ({ clusterIP }: ServiceSpec, ips: readonly string[]): FieldErrors => {
  if (!clusterIP)
    return when(ips.length > 0, () => invalid(IPS, ips, 'must be empty when `clusterIP` is not specified'));
  if (ips.length === 0) return [required(IPS)];
  return when(ips[0] !== clusterIP, () => invalid(IPS, ips, 'first value must match `clusterIP`'));
};

const wellFormed = (ips: readonly string[], known: readonly string[] | undefined): FieldErrors => {
  const rule = unlessKnown(known, ipAddress);
  return each(ips, IPS, (ip, at, index) => {
    if (index > 0 || ip !== 'None') return rule(ip, at);
    return when(ips.length > 1, () => invalid(IPS, ips, "'None' must be the first and only value"));
  });
};

const ofTheirFamilies = ({ ipFamilies }: ServiceSpec, ips: readonly string[]): FieldErrors => [
  ...when(ips.length > 1 && !isDualStack(ips), () =>
    invalid(IPS, ips, 'may specify no more than one IP for each IP family'),
  ),
  ...each(ips, IPS, (ip, at, index) => {
    const family = ipFamilies?.[index];
    if (ip === 'None' || !family) return [];
    return when((family === 'IPv6') !== ip.includes(':'), () =>
      invalid(at, ip, `expected an ${family} value as indicated by \`ipFamilies[${index}]\``),
    );
  }),
];

/** The first address stays; the second may come, and go with the policy SingleStack. */
export const validateServiceUpdate = ({ spec }: Service, { spec: before }: Service): FieldErrors => {
  if (!spec || !before) return [];
  return [
    ...(isBetweenClusterIps(spec, before) ? [...ipChange(spec, before), ...familyChange(spec, before)] : []),
    ...when(
      spec.type === 'LoadBalancer' &&
        before.type === 'LoadBalancer' &&
        spec.loadBalancerClass !== before.loadBalancerClass,
      () => invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, 'may not change once set'),
    ),
    ...when(
      hasHealthPort(spec) && hasHealthPort(before) && spec.healthCheckNodePort !== before.healthCheckNodePort,
      () => forbidden('spec.healthCheckNodePort', FIELD_IMMUTABLE),
    ),
  ];
};

const hasHealthPort = ({ type, externalTrafficPolicy }: ServiceSpec): boolean =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local';

const isBetweenClusterIps = (spec: ServiceSpec, before: ServiceSpec): boolean =>
  spec.type !== 'ExternalName' &&
  before.type !== 'ExternalName' &&
  !(isHeadlessSpec(spec) && isHeadlessSpec(before));

const ipChange = (spec: ServiceSpec, before: ServiceSpec): FieldErrors => {
  const [ips, old] = [spec.clusterIPs ?? [], before.clusterIPs ?? []];
  const common = Math.min(ips.length, old.length);
  const changed = [...Array(common).keys()].filter((index) => ips[index] !== old[index]);
  return [
    ...when(old.length > 0 && ips.length === 0, () =>
      invalid(`${IPS}[0]`, ips, 'primary clusterIP can not be unset'),
    ),
    ...changed.map((index) => invalid(`${IPS}[${index}]`, ips, 'may not change once set')),
    ...when(old.length > ips.length && ips.length === 1 && spec.ipFamilyPolicy !== 'SingleStack', () =>
      policyMust(spec, 'clusterIP'),
    ),
  ];
};

const familyChange = (spec: ServiceSpec, before: ServiceSpec): FieldErrors => {
  const [families, old] = [spec.ipFamilies ?? [], before.ipFamilies ?? []];
  if (isHeadlessSpec(spec) || isHeadlessSpec(before)) return [];
  const common = families.length === old.length ? old.length : Math.min(families.length, old.length, 1);
  const isChanged = families.slice(0, common).some((family, index) => family !== old[index]);
  return [
    ...when(isChanged, () => invalid(`${FAMILIES}[0]`, families, 'may not change once set')),
    ...when(
      old.length > families.length && families.length === 1 && spec.ipFamilyPolicy !== 'SingleStack',
      () => policyMust(spec, 'ipFamily'),
    ),
  ];
};

const policyMust = ({ ipFamilyPolicy }: ServiceSpec, what: string): FieldError =>
  invalid(
    POLICY,
    ipFamilyPolicy ?? null,
    `must be set to 'SingleStack' when releasing the secondary ${what}`,
  );
