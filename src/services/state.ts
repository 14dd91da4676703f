// What the proxy wants on its node: entries of the shared maps, one for each address and port that clients may use.
import type { Family } from '../ip/address.ts';
import { hostPort } from '../ip/host-port.ts';

/** An endpoint as a map's value: `10.244.0.5 . 8080`. */
export type Target = {
  readonly at: string;
  /** It may run on this node, so its own connections to the Service come back to it here. */
  readonly isLocal: boolean;
};

/** Whose connections get the node's address as source; a connection of an endpoint to itself always does. */
export type Masquerade = 'all' | 'outsiders' | 'none';

export type Balance = {
  readonly kind: 'balance';
  /** At least one; distinct, in the order of their text. */
  readonly targets: readonly Target[];
  readonly masquerade: Masquerade;
  /** Session affinity by client address, for so long after the last connection. */
  readonly stickySeconds: number | undefined;
};

export type Action =
  | Balance
  | { readonly kind: 'reject' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'leave-alone' };

/**
 * The map that an entry is an element of: `services` is for every client, `outside-services` comes before it for clients
 * that are neither pods nor this node, `cluster-ips` says what becomes of the other ports of a Service's address.
 */
export type EntryMap = 'services' | 'outside-services' | 'cluster-ips';

export type Entry = {
  readonly map: EntryMap;
  readonly family: Family;
  /** The map's key: `tcp . 10.96.0.10 . 80`, or `10.96.0.10` in `cluster-ips`. */
  readonly match: string;
  readonly action: Action;
  /**
   * The prefixes that clients must be in; what others send is dropped before anything else, also what comes from pods and
   * from this node. Without it everyone may come. Only in `services`.
   */
  readonly allowed?: readonly string[];
};

/** What one Service needs. Two entries with the same key are never in it. */
export type ServiceTable = readonly Entry[];

/** Distinct for entries of distinct maps. */
export const entryKey = ({ map, match }: Pick<Entry, 'map' | 'match'>): string => `${map} ${match}`;

/** One line for an entry: `tcp 10.96.0.10:80 -> 10.244.0.5:8080 10.244.1.6:8080 (masquerade outsiders)`. */
const entryText = ({ map, match, action, allowed }: Entry): string =>
  `${map === 'outside-services' ? 'outside ' : ''}${frontText(match)}${allowed ? ` from ${allowed.join(' ')}` : ''} -> ${actionText(action)}`;

/** Sorted lines. */
export const toText = (entries: readonly Entry[]): string => entries.map(entryText).sort().join('\n');

const frontText = (match: string): string => {
  const [protocol, address, port] = match.split(' . ');
  return port === undefined ? match : `${protocol} ${hostPort(address!, port)}`;
};

const actionText = (action: Action): string => {
  if (action.kind !== 'balance') return action.kind;
  const targets = action.targets.map(({ at }) => hostPort(...(at.split(' . ') as [string, string])));
  const sticky = action.stickySeconds === undefined ? '' : `, sticky ${action.stickySeconds}s`;
  return `${targets.join(' ')} (masquerade ${action.masquerade}${sticky})`;
};
