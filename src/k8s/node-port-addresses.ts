// kube-proxy's --nodeport-addresses: at which addresses of a node its node ports answer (KEP-3866, KEP-6032).
import type { Family } from '../ip/address.ts';
import { formatPrefix, parseInterfaceAddress, parsePrefix, prefixOf } from '../ip/prefix.ts';
import type { Prefix } from '../ip/prefix.ts';

export type NodePortAddresses = {
  /** The addresses that the Node object names. */
  readonly isPrimary: boolean;
  /** All addresses of the node in these, but for loopback. */
  readonly prefixes: readonly Prefix[];
  /** Loopback, of these families: only where it is asked for by itself, so that `0.0.0.0/0` does not (KEP-6032). */
  readonly loopback: readonly Family[];
};

const EVERYTHING = ['0.0.0.0/0', '::/0'].map((text) => parsePrefix(text)!);

/** The meaning of the flag's values; without any, the primary addresses. Throws TypeError with nodePortAddressProblem. */
export const parseNodePortAddresses = (values: readonly string[]): NodePortAddresses => {
  const problem = values.map(nodePortAddressProblem).find((each) => each !== undefined);
  if (problem !== undefined) throw new TypeError(problem);
  const prefixes = values.flatMap((value) => (value === 'all' ? EVERYTHING : (parsePrefix(value) ?? [])));
  const loopback = values.includes('localhost')
    ? ([4, 6] as const)
    : ([4, 6] as const).filter((family) =>
        prefixes.some((each) => each.family === family && isLoopback(each)),
      );
  return {
    isPrimary: values.length === 0 || values.includes('primary'),
    prefixes: prefixes.filter((prefix) => !isLoopback(prefix)),
    loopback,
  };
};

/** Why a value cannot be one of the flag's, or undefined: a text for whoever set it. */
export const nodePortAddressProblem = (value: string): string | undefined => {
  if (['primary', 'localhost', 'all'].includes(value) || parsePrefix(value)) return undefined;
  const loose = parseInterfaceAddress(value);
  const remedy = loose ? `: did you mean ${formatPrefix(prefixOf(loose.address, loose.length))}?` : '';
  return (
    'node port addresses must be primary, localhost, all, or a CIDR block ' +
    `(e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48), not ${JSON.stringify(value)}${remedy}`
  );
};

/** 127.0.0.0/8 and ::1, and what lies in them. */
const isLoopback = ({ family, address, length }: Prefix): boolean =>
  family === 4 ? length >= 8 && address.value >> 24n === 127n : length === 128 && address.value === 1n;
