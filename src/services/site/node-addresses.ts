// At which addresses a node's node ports answer: chosen from those that the node has (kube-proxy's --nodeport-addresses).
import { formatAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { parsePrefix, prefixContains } from '../../ip/prefix.ts';
import { isReachable } from '../../ip/reachable.ts';
import type { Node } from '../../k8s/generated/types.ts';
import type { NodePortAddresses } from '../../k8s/node-port-addresses.ts';
import type { VirtualIp } from '../virtual-ip.ts';
import { virtualIpsOf } from '../virtual-ip.ts';

/**
 * The node's own addresses, the first of each family: as its object says, which knows of changes, or as they were
 * configured. kubernetes pkg/util/node, GetNodeHostIPs (1.36).
 */
export const primaryAddresses = (
  node: Pick<Node, 'status'> | undefined,
  configured: readonly string[],
): VirtualIp[] => {
  const named = node?.status?.addresses ?? [];
  const of = (type: string): string[] => named.flatMap((each) => (each.type === type ? [each.address] : []));
  const addresses = virtualIpsOf([...of('InternalIP'), ...of('ExternalIP')]);
  const all = addresses.length > 0 ? addresses : virtualIpsOf(configured);
  return ([4, 6] as const).flatMap((family) => all.find((each) => each.family === family) ?? []);
};

export type NodeAddressChoice = {
  readonly wanted: NodePortAddresses;
  readonly primary: readonly VirtualIp[];
  /** Of all interfaces. */
  readonly present: readonly Address[];
  /** What a node has of these is a Service's: the cluster DNS's on lo. */
  readonly serviceRanges: readonly string[];
};

/** Each once; addresses of the link only (169.254.0.0/16, fe80::/10) are never among them. */
export const nodePortAddresses = (choice: NodeAddressChoice): readonly VirtualIp[] => {
  const { wanted, primary, present, serviceRanges } = choice;
  const services = serviceRanges.map(parsePrefix).filter((prefix) => prefix !== undefined);
  const matching = present
    .filter((address) => wanted.prefixes.some((prefix) => prefixContains(prefix, address)))
    .filter((address) => isReachable(address) && !services.some((range) => prefixContains(range, address)))
    .map((address) => ({ family: address.family, address: formatAddress(address) }));
  const all = [...(wanted.isPrimary ? primary : []), ...matching];
  return [...new Map(all.map((each) => [each.address, each])).values()];
};
