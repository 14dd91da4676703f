// A pod's claims and addresses to map elements.
import type { Address } from '../../ip/address.ts';
import { formatAddress } from '../../ip/address.ts';
import type { HostPortClaim } from './select.ts';
import type { HostPort } from './state.ts';

/** An element for each family that the pod and the claim have in common. */
export const compileHostPorts = (
  claims: readonly HostPortClaim[],
  podAddresses: readonly Address[],
): readonly HostPort[] => podAddresses.flatMap((pod) => claims.flatMap((claim) => hostPortOf(claim, pod)));

const hostPortOf = ({ at, protocol, hostPort, containerPort }: HostPortClaim, pod: Address): HostPort[] => {
  const { family } = pod;
  const target = { family, address: formatAddress(pod), port: containerPort };
  if (at.kind === 'all')
    return at.families.includes(family)
      ? [{ ...target, map: 'ports', match: `${protocol} . ${hostPort}` }]
      : [];
  return at.family === family
    ? [{ ...target, map: 'addressed', match: `${protocol} . ${at.address} . ${hostPort}` }]
    : [];
};
