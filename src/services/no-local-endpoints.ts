// How many ports of Services this node can serve no connection of, because a policy asks for its own endpoints and it has
// none: for kube-proxy's metric, by which operators find traffic that is dropped.
import * as metrics from './metrics.ts';
import type { SelectedPort, ServiceSnapshot, TrafficPolicy } from './select.ts';
import { clusterEndpoints, localEndpoints } from './topology.ts';
import type { Site } from './topology.ts';

type Counts = { readonly internal: number; readonly external: number };

const NONE: Counts = { internal: 0, external: 0 };

/** Ports with endpoints in the cluster, but none here, by the policy that wants them here. */
const portsWithoutLocal = (service: ServiceSnapshot, site: Site): Counts => {
  const { internalPolicy, externalPolicy, externalIps, ports } = service;
  if (internalPolicy === 'Cluster' && externalPolicy === 'Cluster') return NONE;
  const without = ports.filter(({ candidates }) => hasNoneHere(candidates, site));
  const exposed = externalIps.length > 0 ? without : without.filter(({ nodePort }) => nodePort !== undefined);
  const count = (policy: TrafficPolicy, of: readonly SelectedPort[]): number =>
    policy === 'Local' ? of.length : 0;
  return { internal: count(internalPolicy, without), external: count(externalPolicy, exposed) };
};

const hasNoneHere = (candidates: SelectedPort['candidates'], site: Site): boolean =>
  ([4, 6] as const).some((family) => {
    const own = candidates.filter((candidate) => candidate.family === family);
    return clusterEndpoints(own, site).length > 0 && localEndpoints(own, site).length === 0;
  });

export class NoLocalEndpoints {
  readonly #site: () => Site;
  /** By Service, where there are any. */
  readonly #counts = new Map<string, Counts>();

  constructor(site: () => Site) {
    this.#site = site;
    for (const policy of ['internal', 'external'] as const) metrics.noLocalEndpoints.set(0, policy);
  }

  /** The Service as it is now, undefined if there is nothing of it for a proxy. */
  set(key: string, service: ServiceSnapshot | undefined): void {
    const before = this.#counts.get(key) ?? NONE;
    const after = service ? portsWithoutLocal(service, this.#site()) : NONE;
    if (after.internal + after.external > 0) this.#counts.set(key, after);
    else this.#counts.delete(key);
    for (const policy of ['internal', 'external'] as const)
      if (before[policy] !== after[policy])
        metrics.noLocalEndpoints.add(after[policy] - before[policy], policy);
  }
}
