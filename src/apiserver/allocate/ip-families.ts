// Which address families a Service has (kubernetes pkg/registry/core/service/storage/alloc.go initIPFamilyFields): what
// its cluster IPs say, what it asks for, and what the cluster has, in this order.
import type { FieldError } from '../../k8s/field-error.ts';
import type { ServiceSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from '../defaults/mutable.ts';
import { invalid } from '../../k8s/field-errors.ts';
import type { IpFamily } from './service-ranges.ts';

type Spec = Mutable<ServiceSpec>;

const POLICY = 'spec.ipFamilyPolicy';

/** Fills ipFamilyPolicy and ipFamilies in. `families` are the cluster's, its first choice first. */
export const chooseIpFamilies = (
  spec: Spec,
  before: ServiceSpec | undefined,
  families: readonly IpFamily[],
): readonly FieldError[] => {
  if (spec.type === 'ExternalName' || isUnchangedPreference(spec, before)) return [];
  spec.ipFamilyPolicy ??= before?.ipFamilyPolicy ?? defaultPolicy(spec);
  const errors = [...(before ? shrink(spec, before) : []), ...tooManyForSingleStack(spec)];
  inferFromClusterIps(spec);
  if (errors.length > 0) return errors;
  return isHeadless(spec) && !hasSelector(spec) ? chooseFreely(spec, families) : choose(spec, families);
};

export const isHeadless = ({ clusterIP }: ServiceSpec): boolean => clusterIP === 'None';

const hasSelector = ({ selector }: ServiceSpec): boolean => Object.keys(selector ?? {}).length > 0;

/** A headless Service whose endpoints are someone else's work may have any. */
const defaultPolicy = (spec: Spec): string =>
  isHeadless(spec) && !hasSelector(spec) ? 'RequireDualStack' : 'SingleStack';

const sameList = (a: readonly string[] = [], b: readonly string[] = []): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index]);

/** A PreferDualStack Service never gains or loses an address because the cluster changed. */
const isUnchangedPreference = (spec: Spec, before: ServiceSpec | undefined): boolean =>
  before !== undefined &&
  before.type === spec.type &&
  spec.ipFamilyPolicy === 'PreferDualStack' &&
  before.ipFamilyPolicy === 'PreferDualStack' &&
  sameList(before.clusterIPs, spec.clusterIPs) &&
  sameList(before.ipFamilies, spec.ipFamilies);

/** To SingleStack the second family goes by itself; otherwise it may not be left out. */
const shrink = (spec: Spec, before: ServiceSpec): readonly FieldError[] => {
  if (spec.ipFamilyPolicy !== 'SingleStack')
    return [
      ...(isShorter(spec.clusterIPs, before.clusterIPs) ? [mustBeSingle(spec, 'cluster IP')] : []),
      ...(isShorter(spec.ipFamilies, before.ipFamilies) ? [mustBeSingle(spec, 'IP family')] : []),
    ];
  if (spec.clusterIPs && sameList(before.clusterIPs, spec.clusterIPs))
    spec.clusterIPs = spec.clusterIPs.slice(0, 1);
  if (spec.ipFamilies && sameList(before.ipFamilies, spec.ipFamilies))
    spec.ipFamilies = spec.ipFamilies.slice(0, 1);
  return [];
};

const isShorter = (list: readonly string[] = [], before: readonly string[] = []): boolean =>
  list.length > 0 && list.length < before.length;

const mustBeSingle = ({ ipFamilyPolicy }: Spec, what: string): FieldError =>
  invalid(POLICY, ipFamilyPolicy, `must be 'SingleStack' to release the secondary ${what}`);

const tooManyForSingleStack = (spec: Spec): readonly FieldError[] => {
  if (spec.ipFamilyPolicy !== 'SingleStack') return [];
  const when = (list: readonly string[] | undefined, what: string): readonly FieldError[] =>
    list?.length === 2
      ? [
          invalid(
            POLICY,
            spec.ipFamilyPolicy,
            `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
          ),
        ]
      : [];
  return [...when(spec.clusterIPs, 'cluster IPs'), ...when(spec.ipFamilies, 'IP families')];
};

const inferFromClusterIps = (spec: Spec): void => {
  const known = spec.ipFamilies ?? [];
  const inferred = (spec.clusterIPs ?? [])
    .slice(known.length)
    .filter((ip) => ip !== 'None' && ip !== '')
    .map((ip) => (ip.includes(':') ? 'IPv6' : 'IPv4'));
  if (inferred.length > 0) spec.ipFamilies = [...known, ...inferred];
};

/** Here the cluster's families do not bind. */
const chooseFreely = (spec: Spec, families: readonly IpFamily[]): readonly FieldError[] => {
  if (!spec.ipFamilies?.length) spec.ipFamilies = [families[0]!];
  if (spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length < 2) addOtherFamily(spec);
  return [];
};

const choose = (spec: Spec, families: readonly IpFamily[]): readonly FieldError[] => {
  const errors = [
    ...(spec.ipFamilyPolicy === 'RequireDualStack' && families.length < 2
      ? [invalid(POLICY, spec.ipFamilyPolicy, 'this cluster is not configured for dual-stack services')]
      : []),
    ...(spec.ipFamilies ?? []).flatMap((family, index) =>
      families.some((name) => name === family)
        ? []
        : [invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster')],
    ),
  ];
  if (errors.length > 0) return errors;
  if (!spec.ipFamilies?.length) spec.ipFamilies = [families[0]!];
  if (spec.ipFamilyPolicy !== 'SingleStack' && spec.ipFamilies.length === 1 && families.length === 2)
    addOtherFamily(spec);
  return [];
};

const addOtherFamily = (spec: Spec): void => {
  const [first] = spec.ipFamilies!;
  spec.ipFamilies = [first!, first === 'IPv4' ? 'IPv6' : 'IPv4'];
};
