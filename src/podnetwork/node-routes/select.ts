// A Node, cut down to what routes depend on.
import type { Node } from '../../k8s/generated/types.ts';
import { parseAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { parsePrefix } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';

export type NodeNetwork = {
  readonly name: string;
  readonly podCidrs: readonly Prefix[];
  readonly internalIps: readonly Address[];
};

/** What cannot be parsed is left out: a bad Node has no routes, and harms no other. */
export const selectNode = ({ metadata, spec, status }: Node): NodeNetwork => ({
  name: metadata?.name ?? '',
  podCidrs: parsed(spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []), parsePrefix),
  internalIps: parsed(
    (status?.addresses ?? []).filter(({ type }) => type === 'InternalIP').map(({ address }) => address),
    parseAddress,
  ),
});

const parsed = <T>(texts: readonly string[], parse: (text: string) => T | undefined): readonly T[] =>
  texts.map(parse).filter((value) => value !== undefined);
