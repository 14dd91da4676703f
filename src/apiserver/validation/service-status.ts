// Rules for what a load balancer says about a Service (kubernetes pkg/apis/core/validation ValidateLoadBalancerStatus).
import { forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type { LoadBalancerIngress, Service } from '../../k8s/generated/types.ts';
import { parseSloppyAddress } from '../../ip/sloppy.ts';
import { ipAddress, unlessKnown } from './addresses.ts';
import { type FieldErrors, each, ifText, when } from './compose.ts';
import { oneOf } from './scalars.ts';
import { dnsSubdomain } from './texts.ts';

const INGRESS = 'status.loadBalancer.ingress';

export const validateServiceStatus = ({ spec, status }: Service, before: Service): FieldErrors => {
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (spec?.type !== 'LoadBalancer' && ingress.length > 0)
    return [forbidden(INGRESS, "may only be used when `spec.type` is 'LoadBalancer'")];
  const known = (before.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);
  const rule = unlessKnown(known, ipAddress);
  return each(ingress, INGRESS, (point, at) => [
    ...ifText(point.ip, (ip) => rule(ip, `${at}.ip`)),
    ...ipMode(point, `${at}.ipMode`),
    ...ifText(point.hostname, (name) => hostname(name, `${at}.hostname`)),
  ]);
};

const ipMode = ({ ip, ipMode: mode }: LoadBalancerIngress, path: string): FieldErrors => {
  if (!ip)
    return when(mode !== undefined, () => forbidden(path, 'may not be specified when `ip` is not set'));
  if (mode === undefined) return [required(path, 'must be specified when `ip` is set')];
  return oneOf(mode, ['Proxy', 'VIP'], path);
};

const hostname = (name: string, path: string): FieldErrors => [
  ...dnsSubdomain(name, path),
  ...when(parseSloppyAddress(name) !== undefined, () =>
    invalid(path, name, 'must be a DNS name, not an IP address'),
  ),
];
