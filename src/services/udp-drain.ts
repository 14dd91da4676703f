// UDP flows to endpoints that get no new ones. As long as such an endpoint serves (it terminates, or a policy or a hint
// prefers others), the flows that it has stay: answers are under way, and a TCP connection would stay too. When it serves no
// more they are stale. kube-proxy does the same: pkg/proxy/conntrack/cleanup.go (1.36).
import type { Effects } from './apply.ts';
import type { ServiceSnapshot } from './select.ts';
import { entryKey } from './state.ts';

type Left = Effects['gone'][number];

/** A Service as it is now, undefined if it is not there, with the entries that it had or has. */
export type DrainedService = {
  readonly key: string;
  readonly snapshot: ServiceSnapshot | undefined;
  readonly entries: readonly { readonly key: string }[];
};

export class UdpDrain {
  /** By Service, what serves its flows to the end. */
  readonly #left = new Map<string, readonly Left[]>();

  /** Of the endpoints that these Services had, now and before, those whose flows are stale now. */
  settle(services: readonly DrainedService[], gone: Effects['gone']): Effects['gone'] {
    const udp = gone.filter(({ entry }) => entry.match.startsWith('udp '));
    if (udp.length === 0 && this.#left.size === 0) return [];
    const owners = new Map(services.flatMap(({ key, entries }) => entries.map((entry) => [entry.key, key])));
    const fresh = Map.groupBy(udp, ({ entry }) => owners.get(entryKey(entry)));
    const stale = services.flatMap(({ key, snapshot }) =>
      this.#settleOne(key, snapshot, fresh.get(key) ?? []),
    );
    return [...stale, ...(fresh.get(undefined) ?? [])];
  }

  #settleOne(key: string, snapshot: ServiceSnapshot | undefined, fresh: readonly Left[]): readonly Left[] {
    const before = this.#left.get(key) ?? [];
    if (before.length === 0 && fresh.length === 0) return [];
    const { serving = [], stale = [] } = Object.groupBy([...before, ...fresh], (left) =>
      isServing(left, snapshot) ? 'serving' : 'stale',
    );
    if (serving.length > 0) this.#left.set(key, serving);
    else this.#left.delete(key);
    return stale;
  }
}

/** For the address and port of the entry: if the Service has that no more, nobody serves it. */
const isServing = ({ entry, slot }: Left, snapshot: ServiceSnapshot | undefined): boolean => {
  const front = Number(entry.match.split(' . ')[2]);
  return (snapshot?.ports ?? [])
    .filter(({ protocol, port, nodePort }) => protocol === 'udp' && (port === front || nodePort === front))
    .some(({ candidates }) =>
      candidates.some((each) => each.isServing && `${each.address} . ${each.port}` === slot.at),
    );
};
