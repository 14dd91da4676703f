// What ServiceCIDR and IPAddress objects mean (KEP-1880): where the addresses of Services come from, and whose each is.
import { formatAddress } from '../ip/address.ts';
import { parseSloppyAddress } from '../ip/sloppy.ts';
import type { IPAddress, ParentReference, Service, ServiceCIDR } from './generated/types.ts';
import type { KubeObject } from './objects.ts';

/** Made by the API server from its flags; its first range says which family Services have by default. */
export const DEFAULT_SERVICE_CIDR = 'kubernetes';

const FAMILY_LABEL = 'ipaddress.kubernetes.io/ip-family';
const MANAGED_BY_LABEL = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';

/** Ready unless a condition says otherwise: a cluster works also before its controllers do. */
export const isReadyServiceCidr = ({ metadata, status }: ServiceCIDR): boolean =>
  metadata?.deletionTimestamp === undefined &&
  (status?.conditions ?? []).find(({ type }) => type === 'Ready')?.status !== 'False';

/** The IPAddress by which a Service owns an address. `ip` is in canonical form. */
export const ipAddressOf = (ip: string, service: KubeObject): IPAddress => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IPAddress',
  metadata: {
    name: ip,
    labels: { [FAMILY_LABEL]: familyLabelOf(ip), [MANAGED_BY_LABEL]: ALLOCATOR },
  },
  spec: { parentRef: parentRefOf(service) },
});

const parentRefOf = ({ metadata }: KubeObject): ParentReference => ({
  resource: 'services',
  namespace: metadata?.namespace,
  name: metadata?.name ?? '',
});

const familyLabelOf = (ip: string): string => (ip.includes(':') ? 'IPv6' : 'IPv4');

/** Whether the Service allocator made it: users may hold addresses for things of their own. */
export const isAllocators = ({ metadata }: Pick<IPAddress, 'metadata'>): boolean =>
  metadata?.labels?.[MANAGED_BY_LABEL] === ALLOCATOR;

export const hasAllocatorsLabels = (address: Pick<IPAddress, 'metadata'>): boolean =>
  isAllocators(address) &&
  address.metadata?.labels?.[FAMILY_LABEL] === familyLabelOf(address.metadata?.name ?? '');

/** The key of the Service that has the address, undefined if anything else has it. */
export const serviceKeyOf = ({ spec }: Pick<IPAddress, 'spec'>): string | undefined => {
  const { group, resource, namespace, name } = spec.parentRef;
  return !group && resource === 'services' ? `${namespace ?? ''}/${name}` : undefined;
};

/** A Service's own addresses as it states them: none while it is headless, of type ExternalName or unfinished. */
export const clusterIpsOf = ({ spec }: Pick<Service, 'spec'>): readonly string[] =>
  !spec || spec.type === 'ExternalName' ? [] : (spec.clusterIPs ?? []).filter((ip) => ip && ip !== 'None');

/** In canonical form, as the IPAddresses for them are named. */
export const addressNamesOf = (service: Pick<Service, 'spec'>): readonly string[] =>
  clusterIpsOf(service).flatMap((ip) => {
    const address = parseSloppyAddress(ip);
    return address ? [formatAddress(address)] : [];
  });
