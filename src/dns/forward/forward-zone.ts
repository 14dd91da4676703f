// Who is asked for which names.

export type Upstream = {
  readonly address: string;
  readonly port: number;
  /** UDP, and TCP for what does not fit, unless said otherwise. */
  readonly transport?: 'tcp' | undefined;
};

/** Which of the servers that are well is asked first. */
export type Policy = 'random' | 'round_robin' | 'sequential';

export type ForwardZone = {
  /** In lower case; '' is everything. The longest zone that a name is in counts. */
  readonly zone: string;
  readonly upstreams: readonly Upstream[];
  readonly policy: Policy;
  /** Names below these are not for this zone's servers. */
  readonly except: readonly string[];
  /** So many failures in a row, and a server is not asked until it answers a probe; 0: it always is. */
  readonly maxFails: number;
};

export type CacheOptions = {
  readonly positiveSecondsMax: number;
  readonly negativeSecondsMax: number;
  /** How long after its time an answer is given when there is no other (RFC 8767); 0: not at all. */
  readonly staleSecondsMax: number;
  /** How often an answer must have been asked for to be asked for anew before its end; 0: never. */
  readonly prefetchHits: number;
};

/** How names that are not the cluster's are answered. */
export type ForwardOptions = {
  readonly zones: readonly ForwardZone[];
  readonly cache: CacheOptions;
  /** Questions that are open at once. */
  readonly pendingMax: number;
};

/** RFC 8767 5 recommends one to three days; a cluster's neighbours move sooner. */
export const DEFAULT_CACHE: CacheOptions = {
  positiveSecondsMax: 3600,
  negativeSecondsMax: 1800,
  staleSecondsMax: 3600,
  prefetchHits: 2,
};

export const DEFAULT_PENDING_MAX = 1000;
export const DEFAULT_MAX_FAILS = 2;

/** `name` and `zone` in lower case. */
export const isInZone = (name: string, zone: string): boolean =>
  zone === '' || name === zone || name.endsWith(`.${zone}`);

/** All other names to these servers, one after the other, as resolv.conf(5) has it. */
export const forwardTo = (upstreams: readonly Upstream[]): ForwardOptions => ({
  zones: [{ zone: '', upstreams, policy: 'sequential', except: [], maxFails: DEFAULT_MAX_FAILS }],
  cache: DEFAULT_CACHE,
  pendingMax: DEFAULT_PENDING_MAX,
});
