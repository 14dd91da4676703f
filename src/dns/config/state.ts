// What can be configured.
import type { ForwardOptions } from '../forward/forward-zone.ts';
import type { Upstream } from '../forward/forward-zone.ts';
import { forwardTo } from '../forward/forward-zone.ts';
import { TTL_SECONDS } from '../state.ts';

/** Which names `a-b-c-d.NAMESPACE.pod.Z` exist: none, those of pods that are there, or any in a namespace that is there. */
export type PodMode = 'disabled' | 'verified' | 'insecure';

export type DnsConfig = {
  readonly pods: PodMode;
  /** How long the cluster's names may be kept by those who asked. */
  readonly ttlSeconds: number;
  readonly forward: ForwardOptions;
};

/** Without a configuration: pods that are there, and the host's servers for all other names. */
export const defaultConfig = (hostServers: readonly Upstream[]): DnsConfig => ({
  pods: 'verified',
  ttlSeconds: TTL_SECONDS,
  forward: forwardTo(hostServers),
});
