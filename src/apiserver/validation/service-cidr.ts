// Rules for ServiceCIDRs and IPAddresses (kubernetes pkg/apis/networking/validation/validation.go).
import { invalid, required } from '../../k8s/field-errors.ts';
import type { IPAddress, ServiceCIDR } from '../../k8s/generated/types.ts';
import { pathSegment } from '../../k8s/name-rules.ts';
import { equalJson } from '../../lang/json.ts';
import { canonicalPrefix, isDualStack } from './addresses.ts';
import { type FieldErrors, each, ifText, when } from './compose.ts';
import { FIELD_IMMUTABLE } from './scalars.ts';
import { dnsSubdomain } from './texts.ts';

const CIDRS = 'spec.cidrs';

export const validateServiceCidr = ({ spec }: ServiceCIDR): FieldErrors => {
  const cidrs = spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(CIDRS, 'at least one CIDR required')];
  if (cidrs.length > 2) return [invalid(CIDRS, { cidrs }, 'may only hold up to 2 values')];
  const malformed = each(cidrs, CIDRS, canonicalPrefix);
  return [
    ...malformed,
    ...when(malformed.length === 0 && cidrs.length === 2 && !isDualStack(cidrs), () =>
      invalid(
        CIDRS,
        cidrs,
        'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
      ),
    ),
  ];
};

/** What is there stays; a second family may come. */
export const validateServiceCidrUpdate = (after: ServiceCIDR, before: ServiceCIDR): FieldErrors => {
  const [cidrs, old] = [after.spec?.cidrs ?? [], before.spec?.cidrs ?? []];
  if (cidrs.length !== old.length && !(old.length === 1 && cidrs.length === 2))
    return [invalid(CIDRS, cidrs, FIELD_IMMUTABLE)];
  return each(old, CIDRS, (cidr, at, index) =>
    when(cidr !== cidrs[index], () => invalid(at, cidrs[index], FIELD_IMMUTABLE)),
  );
};

const PARENT = 'spec.parentRef';

export const validateIpAddress = ({ spec }: IPAddress): FieldErrors => {
  const parent = (spec as Partial<IPAddress['spec']> | undefined)?.parentRef;
  if (!parent) return [required(PARENT)];
  return [
    ...ifText(parent.group, (group) => dnsSubdomain(group, `${PARENT}.group`)),
    ...requiredSegment(parent.resource, `${PARENT}.resource`),
    ...requiredSegment(parent.name, `${PARENT}.name`),
    ...ifText(parent.namespace, (namespace) => segment(namespace, `${PARENT}.namespace`)),
  ];
};

export const validateIpAddressUpdate = (after: IPAddress, before: IPAddress): FieldErrors =>
  when(!equalJson(after.spec?.parentRef, before.spec?.parentRef), () =>
    invalid(PARENT, after.spec?.parentRef, FIELD_IMMUTABLE),
  );

const segment = (text: string, path: string): FieldErrors =>
  pathSegment(text).map((finding) => invalid(path, text, finding));

const requiredSegment = (text: string | undefined, path: string): FieldErrors =>
  text ? segment(text, path) : [required(path)];
