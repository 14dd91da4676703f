// What the cluster's flags say about Services: where their addresses and node ports come from.
import { parsePrefix } from '../../ip/prefix.ts';

export type ServiceRanges = {
  /** IPv4 and IPv6, the cluster's first family first. More ranges come as ServiceCIDR objects. */
  readonly serviceCidrs: readonly [string, string];
  readonly nodePortRange: { readonly first: number; readonly last: number };
};

export type IpFamily = 'IPv4' | 'IPv6';

/** The cluster's families, its default first. Throws RangeError for a text that is no prefix. */
export const familiesOf = ({ serviceCidrs }: ServiceRanges): readonly IpFamily[] =>
  serviceCidrs.map((cidr) => {
    const prefix = parsePrefix(cidr);
    if (!prefix) throw new RangeError(`${cidr} is no address range for Services`);
    return prefix.family === 4 ? 'IPv4' : 'IPv6';
  });
