// Names that are not the cluster's: by a forwarder that is made anew when the configuration changes.
import type { Clock } from '../lang/clock.ts';
import { followConfig } from './config/follow.ts';
import type { ConfigOptions } from './config/follow.ts';
import { defaultConfig } from './config/state.ts';
import type { DnsConfig } from './config/state.ts';
import { createExchange } from './forward/exchange.ts';
import type { ForwardOptions, Upstream } from './forward/forward-zone.ts';
import { createForwarder } from './forward/forwarder.ts';
import type { Forwarder } from './forward/forwarder.ts';

export type OutsideOptions = ConfigOptions & {
  /** Where this server answers: a question that goes there would come back for ever. */
  readonly ownAddresses: readonly string[];
  readonly port: number;
  /** After each change of the configuration. */
  readonly onChange: () => void;
  readonly clock: Clock;
};

export type Outside = Forwarder & { readonly config: () => DnsConfig };

export const startOutside = (options: OutsideOptions): Outside => {
  const exchange = createExchange(options.clock);
  let inForce = defaultConfig(options.hostServers);
  let forwarder: Forwarder | undefined;
  const unsubscribe = followConfig(options, (config) => {
    forwarder?.stop();
    inForce = config;
    const forward = withoutOurselves(config.forward, options);
    forwarder = createForwarder({ ...options, ...forward, exchange, random: Math.random });
    options.onChange();
  });
  return {
    resolve: (...question) => forwarder!.resolve(...question),
    config: () => inForce,
    stop: () => {
      unsubscribe();
      forwarder!.stop();
    },
  };
};

const withoutOurselves = (
  forward: ForwardOptions,
  { ownAddresses, port }: OutsideOptions,
): ForwardOptions => {
  const isOther = (upstream: Upstream): boolean =>
    upstream.port !== port || !ownAddresses.includes(upstream.address);
  return {
    ...forward,
    zones: forward.zones.map((zone) => ({ ...zone, upstreams: zone.upstreams.filter(isOther) })),
  };
};
