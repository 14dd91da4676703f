// The part of a Corefile that podnet understands. What it does not is said, and left out; nothing of it stops the rest.
import type { Upstream } from '../forward/forward-zone.ts';
import { DEFAULT_PENDING_MAX } from '../forward/forward-zone.ts';
import type { CacheOptions, ForwardZone } from '../forward/forward-zone.ts';
import { TTL_SECONDS } from '../state.ts';
import { selectCache } from './cache.ts';
import type { Directive } from './corefile.ts';
import { selectForward } from './forward.ts';
import type { DnsConfig, PodMode } from './state.ts';
import { zoneOf } from './zone-name.ts';

export type Selected = { readonly config: DnsConfig; readonly warnings: readonly string[] };

type Site = {
  /** The cluster's. */
  readonly domain: string;
  /** What /etc/resolv.conf stands for. */
  readonly hostServers: readonly Upstream[];
};

/** Says what it has to say, with the line where it is. */
export type Warn = (directive: Directive, text: string) => void;

/** Always so here, or without meaning for a DNS that is part of its node's agent. */
const IMPLIED = new Set([
  'errors',
  'health',
  'ready',
  'prometheus',
  'loop',
  'reload',
  'loadbalance',
  'bufsize',
]);

const NO_CACHE: CacheOptions = {
  positiveSecondsMax: 0,
  negativeSecondsMax: 0,
  staleSecondsMax: 0,
  prefetchHits: 0,
};

export const selectDns = (blocks: readonly Directive[], site: Site): Selected => {
  const warnings: string[] = [];
  const warn: Warn = ({ line }, text) => void warnings.push(`line ${line}: ${text}`);
  const zones = blocks.flatMap((block) => blockZones(block, site, warn));
  const root = blocks.find((block) => labelsOf(block).some((label) => zoneOf(label) === ''));
  const all = blocks.flatMap(({ block }) => block);
  const cache = root?.block.find(({ name }) => name === 'cache');
  const limits = all.filter(({ name }) => name === 'forward').flatMap(({ block }) => block);
  return {
    warnings,
    config: {
      ...clusterOptions(all, site, warn),
      forward: {
        zones: [...new Map(zones.map((zone) => [zone.zone, zone])).values()],
        cache: cache ? selectCache(cache, warn) : NO_CACHE,
        pendingMax: numberIn(limits, 'max_concurrent') ?? DEFAULT_PENDING_MAX,
      },
    },
  };
};

const labelsOf = ({ name, args }: Directive): readonly string[] =>
  [name, ...args].flatMap((label) => label.split(',')).filter((label) => label !== '');

const blockZones = (block: Directive, site: Site, warn: Warn): readonly ForwardZone[] => {
  if (block.name.startsWith('(')) {
    warn(block, 'snippets are not supported');
    return [];
  }
  const known = labelsOf(block).flatMap((label) => {
    const zone = zoneOf(label);
    if (zone === undefined) warn(block, `${JSON.stringify(label)} is no zone on port 53`);
    return zone === undefined ? [] : [zone];
  });
  for (const directive of block.block) {
    const { name } = directive;
    if (!IMPLIED.has(name) && !['kubernetes', 'forward', 'cache'].includes(name))
      warn(directive, `plugin ${JSON.stringify(name)} is not supported`);
  }
  const forwards = block.block.filter(({ name }) => name === 'forward');
  return forwards.flatMap((forward) => selectForward(forward, known, { ...site, warn }));
};

const POD_MODES: ReadonlySet<string> = new Set<PodMode>(['disabled', 'insecure', 'verified']);
const TTL_SECONDS_MAX = 3600;

/** CoreDNS' own default for pods is `disabled`; without a line for it, verified names harm nobody. */
const clusterOptions = (all: readonly Directive[], { domain }: Site, warn: Warn): ClusterOptions => {
  let options: ClusterOptions = { pods: 'verified', ttlSeconds: TTL_SECONDS };
  const kubernetes = all.find(({ name }) => name === 'kubernetes');
  if (!kubernetes) return options;
  if (!kubernetes.args.some((zone) => zoneOf(zone) === domain))
    warn(kubernetes, `the cluster's zone is ${domain}`);
  for (const option of kubernetes.block) {
    const change = clusterOption(option);
    if (change) options = { ...options, ...change };
    else
      warn(option, `option ${[option.name, ...option.args].join(' ')} of plugin kubernetes is not supported`);
  }
  return options;
};

type ClusterOptions = Pick<DnsConfig, 'pods' | 'ttlSeconds'>;

/** Undefined: not understood. */
const clusterOption = ({ name, args: [value = ''] }: Directive): Partial<ClusterOptions> | undefined => {
  if (name === 'fallthrough') return {};
  if (name === 'pods') return POD_MODES.has(value) ? { pods: value as PodMode } : undefined;
  const isTtl = name === 'ttl' && /^\d{1,4}$/.test(value) && Number(value) <= TTL_SECONDS_MAX;
  return isTtl ? { ttlSeconds: Number(value) } : undefined;
};

const numberIn = (options: readonly Directive[], name: string): number | undefined => {
  const value = Number(options.find((option) => option.name === name)?.args[0]);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
};
