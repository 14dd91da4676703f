// From a pod's port mappings to the facts: what could not be a packet's ends here.
import { formatAddress, parseAddress } from '../../ip/address.ts';
import type { Address, Family } from '../../ip/address.ts';
import type { PortMapping } from '../../runtime/runtime.ts';

export type Protocol = 'tcp' | 'udp' | 'sctp';

export type HostPortClaim = {
  readonly protocol: Protocol;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly at: HostAddress;
};

/** One address of the node, or all that it has of these families. */
export type HostAddress =
  | { readonly kind: 'one'; readonly family: Family; readonly address: string }
  | { readonly kind: 'all'; readonly families: readonly Family[] };

/** Ports without a host port ask for nothing. */
export const selectHostPorts = (mappings: readonly PortMapping[]): readonly HostPortClaim[] =>
  mappings.flatMap(({ protocol, hostPort, containerPort, hostIp }) => {
    const at = hostAddressOf(hostIp);
    if (!at || !isPort(hostPort) || !isPort(containerPort)) return [];
    return [{ protocol: PROTOCOLS[protocol], hostPort, containerPort, at }];
  });

const PROTOCOLS = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' } as const satisfies Record<
  PortMapping['protocol'],
  Protocol
>;

/** '' is every address; `0.0.0.0` and `::` are every address of their family. Undefined for rubbish. */
const hostAddressOf = (hostIp: string): HostAddress | undefined => {
  if (hostIp === '') return { kind: 'all', families: [4, 6] };
  const address = parseAddress(hostIp);
  if (!address) return undefined;
  return isUnspecified(address)
    ? { kind: 'all', families: [address.family] }
    : { kind: 'one', family: address.family, address: formatAddress(address) };
};

const isUnspecified = ({ value }: Address): boolean => value === 0n;

const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536;
