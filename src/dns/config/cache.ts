// `cache [TTL] [ZONES...] { ... }` (coredns plugin/cache). The cluster's own names are never cached: their table is here.
import { DEFAULT_CACHE } from '../forward/forward-zone.ts';
import type { CacheOptions } from '../forward/forward-zone.ts';
import type { Directive } from './corefile.ts';
import type { Warn } from './select.ts';

const IMPLIED = new Set(['disable', 'servfail', 'keepttl']);

export const selectCache = (cache: Directive, warn: Warn): CacheOptions => {
  const ttl = secondsOf(cache.args[0] ?? '');
  const { positiveSecondsMax, negativeSecondsMax } = DEFAULT_CACHE;
  let options: CacheOptions = {
    positiveSecondsMax: ttl ?? positiveSecondsMax,
    negativeSecondsMax: ttl ?? negativeSecondsMax,
    staleSecondsMax: 0,
    prefetchHits: 0,
  };
  for (const option of cache.block) {
    const change = optionOf(option);
    if (change) options = { ...options, ...change };
    else warn(option, `option ${[option.name, ...option.args].join(' ')} of plugin cache is not supported`);
  }
  return options;
};

/** Undefined: not understood. Capacities are not taken over: the cache here has its own. */
const optionOf = ({ name, args }: Directive): Partial<CacheOptions> | undefined => {
  if (IMPLIED.has(name)) return {};
  if (name === 'prefetch') return count(args[0], (prefetchHits) => ({ prefetchHits }));
  if (name === 'success') return ttlOr(args[1], (positiveSecondsMax) => ({ positiveSecondsMax }));
  if (name === 'denial') return ttlOr(args[1], (negativeSecondsMax) => ({ negativeSecondsMax }));
  if (name !== 'serve_stale') return undefined;
  const staleSecondsMax = args[0] === undefined ? DEFAULT_CACHE.staleSecondsMax : secondsOf(args[0]);
  return staleSecondsMax === undefined ? undefined : { staleSecondsMax };
};

type Make = (value: number) => Partial<CacheOptions>;

const count = (text: string | undefined, make: Make) =>
  /^\d{1,9}$/.test(text ?? '') ? make(Number(text)) : undefined;

const ttlOr = (text: string | undefined, make: Make) => {
  if (text === undefined) return {};
  const seconds = secondsOf(text);
  return seconds === undefined ? undefined : make(seconds);
};

const UNIT_SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

/** `30`, `30s`, `5m`, `1h`. */
const secondsOf = (text: string): number | undefined => {
  const [, digits, unit] = /^(\d{1,9})([smh]?)$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNIT_SECONDS[unit!]!;
};
