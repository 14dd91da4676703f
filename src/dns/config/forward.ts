// `forward FROM TO... { ... }` (coredns plugin/forward).
import { parseAddress } from '../../ip/address.ts';
import { isInZone, DEFAULT_MAX_FAILS } from '../forward/forward-zone.ts';
import type { ForwardZone, Policy, Upstream } from '../forward/forward-zone.ts';
import type { Directive } from './corefile.ts';
import type { Warn } from './select.ts';
import { zoneOf } from './zone-name.ts';

type Context = { readonly hostServers: readonly Upstream[]; readonly warn: Warn };

const DNS_PORT = 53;
const POLICIES: ReadonlySet<string> = new Set<Policy>(['random', 'round_robin', 'sequential']);
/** Said elsewhere, or so by itself: UDP first, probes of servers that fail, no connections to keep. */
const IMPLIED = new Set(['prefer_udp', 'health_check', 'expire', 'max_concurrent', 'max_idle_conns']);

/** One for each of the block's zones; FROM may be a zone below it. */
export const selectForward = (
  forward: Directive,
  blockZones: readonly string[],
  context: Context,
): readonly ForwardZone[] => {
  const [from = '.', ...to] = forward.args;
  const below = zoneOf(from);
  const zones =
    below === ''
      ? blockZones
      : [below].filter((zone) => zone !== undefined && blockZones.some((each) => isInZone(zone, each)));
  if (zones.length === 0) context.warn(forward, `forward ${from} is not in the zones of its block`);
  const options = selectOptions(forward, context.warn);
  const upstreams = to.flatMap((text) => serversOf(text, forward, context));
  if (upstreams.length === 0) context.warn(forward, 'forward has no server to ask');
  const transport = forward.block.some(({ name }) => name === 'force_tcp') ? ('tcp' as const) : undefined;
  return zones.map((zone) => ({
    ...options,
    zone: zone!,
    upstreams: upstreams.map((each) => ({ ...each, transport })),
  }));
};

type Options = Omit<ForwardZone, 'zone' | 'upstreams'>;

const selectOptions = ({ block }: Directive, warn: Warn): Options => {
  let options: Options = { policy: 'random', except: [], maxFails: DEFAULT_MAX_FAILS };
  for (const option of block) {
    const change = optionOf(option);
    if (change) options = { ...options, ...change };
    else warn(option, `option ${[option.name, ...option.args].join(' ')} of plugin forward is not supported`);
  }
  return options;
};

/** Undefined: not understood. */
const optionOf = ({ name, args }: Directive): Partial<Options> | undefined => {
  const [value = ''] = args;
  if (IMPLIED.has(name) || name === 'force_tcp') return {};
  if (name === 'policy') return POLICIES.has(value) ? { policy: value as Policy } : undefined;
  if (name === 'max_fails') return /^\d{1,9}$/.test(value) ? { maxFails: Number(value) } : undefined;
  if (name !== 'except') return undefined;
  const zones = args.map(zoneOf);
  return zones.every((zone) => zone !== undefined) ? { except: zones } : undefined;
};

/** A file stands for the host's servers: the agent's own /etc/resolv.conf is the host's. */
const serversOf = (text: string, forward: Directive, { hostServers, warn }: Context): readonly Upstream[] => {
  if (text.startsWith('/')) return hostServers;
  const server = serverOf(text.replace(/^dns:\/\//, ''));
  if (!server)
    warn(forward, `${JSON.stringify(text)} is no address: DNS over TLS and HTTPS are not supported`);
  return server ? [server] : [];
};

const WITH_PORT = /^(?:\[([^\]]+)\]|([\d.]+))(?::(\d{1,5}))?$/;

const serverOf = (text: string): Upstream | undefined => {
  if (parseAddress(text)) return { address: text, port: DNS_PORT };
  const [, v6, v4, port = String(DNS_PORT)] = WITH_PORT.exec(text) ?? [];
  const address = v6 ?? v4;
  if (address === undefined || !parseAddress(address)) return undefined;
  return Number(port) > 0 && Number(port) < 65_536 ? { address, port: Number(port) } : undefined;
};
