// Keeps the zone in line with Services, EndpointSlices, namespaces and pods: what changed is compiled anew, nothing else.
import type { Informer } from '../informer/informer.ts';
import type { Address } from '../ip/address.ts';
import type { EndpointSlice, Namespace, Service } from '../k8s/generated/types.ts';
import { joinKey } from '../k8s/objects.ts';
import type { Stored } from '../k8s/objects.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import type { Loop } from '../reconcile/loop.ts';
import type { ZoneSource } from './answer.ts';
import { compileApex, compileNamespace, compileService, startOfAuthority } from './compile.ts';
import type { DnsConfig } from './config/state.ts';
import type { PodAddresses } from './pod-addresses.ts';
import { lookUpPod, parsePodName } from './pod-names.ts';
import { parseReverseName } from './reverse-name.ts';
import { isHeadless, selectService } from './select.ts';
import { Triggers } from './triggers.ts';
import { Zone } from './zone.ts';

export type ZoneOptions = {
  readonly domain: string;
  readonly addresses: readonly string[];
  /** Whether an address that nobody has is ours to deny. */
  readonly isOwnAddress: (address: Address) => boolean;
  readonly services: Informer<Service>;
  readonly endpointSlices: Informer<EndpointSlice>;
  readonly namespaces: Informer<Namespace>;
  readonly pods: Pick<PodAddresses, 'has'>;
  readonly config: () => Pick<DnsConfig, 'pods' | 'ttlSeconds'>;
  /** Hears of each name of which the zone now says something else. */
  readonly onChange: (name: string) => void;
  readonly clock: Clock;
  readonly log: Log;
};

export type ZoneLoop = {
  readonly view: ZoneSource;
  readonly toText: () => string;
  readonly whenIdle: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export const SLICES_BY_SERVICE = 'dns/service';
const SERVICE_NAME = 'kubernetes.io/service-name';

export const serviceKeyOf = ({ metadata }: Stored<EndpointSlice>): string =>
  joinKey(metadata.namespace, metadata.labels?.[SERVICE_NAME] ?? '');

/** All informers must have synced. */
export const startZone = (options: ZoneOptions): ZoneLoop => {
  const { domain, clock, log } = options;
  const zone = new Zone(options.onChange);
  zone.set('apex', compileApex(domain, options.addresses));
  let serial = serialAt(clock);
  const triggers = new Triggers(clock);
  const loop = startLoop({
    name: 'dns-zone',
    apply: (dirty) => {
      for (const key of dirty) {
        if (update(zone, options, key)) serial = serialAt(clock);
        triggers.done(key);
      }
      return Promise.resolve(NONE_FAILED);
    },
    clock,
    log,
  });
  const unsubscribe = subscribe(options, loop, triggers);
  return {
    view: viewOf(zone, options, () => serial),
    toText: () => zone.toText(options.config().ttlSeconds),
    whenIdle: () => loop.whenIdle(),
    stop: () => {
      for (const end of unsubscribe) end();
      return loop.stop();
    },
  };
};

const NONE_FAILED: ReadonlySet<string> = new Set();
const serialAt = (clock: Clock): number => Math.floor(clock.now() / 1000);

const NAMESPACE = 'namespace ';
const SERVICE = 'service ';

const subscribe = (
  { services, endpointSlices, namespaces }: ZoneOptions,
  loop: Loop,
  triggers: Triggers,
): readonly (() => void)[] => [
  services.subscribe(({ key }) => loop.mark(SERVICE + key)),
  namespaces.subscribe(({ key }) => loop.mark(NAMESPACE + key)),
  endpointSlices.subscribe(({ before, after }) => {
    for (const slice of [before, after]) {
      const service = slice && services.get(serviceKeyOf(slice));
      if (!slice || !service || !isHeadless(service)) continue;
      const key = SERVICE + serviceKeyOf(slice);
      if (before && slice === after) triggers.changed(key, slice);
      loop.mark(key);
    }
  }),
];

/** Returns whether the zone changed. */
const update = (zone: Zone, options: ZoneOptions, dirty: string): boolean => {
  const { domain, services, namespaces, endpointSlices } = options;
  if (dirty.startsWith(NAMESPACE)) {
    const name = dirty.slice(NAMESPACE.length);
    return zone.set(dirty, namespaces.get(name) ? compileNamespace(name, domain) : []);
  }
  const key = dirty.slice(SERVICE.length);
  const service = services.get(key);
  const selected =
    service &&
    selectService(service, isHeadless(service) ? endpointSlices.byIndex(SLICES_BY_SERVICE, key) : []);
  return zone.set(dirty, selected ? compileService(selected, domain) : []);
};

const viewOf = (zone: Zone, options: ZoneOptions, serial: () => number): ZoneSource => {
  const { domain, pods, config, isOwnAddress } = options;
  const isNamespace = (name: string): boolean => options.namespaces.get(name) !== undefined;
  const suffix = `.${domain}`;
  return {
    domain,
    get ttlSeconds() {
      return config().ttlSeconds;
    },
    get soa() {
      return startOfAuthority(domain, serial(), config().ttlSeconds);
    },
    lookUp: (name) => {
      const pod = parsePodName(name, domain);
      if (!pod) return zone.lookUp(name);
      return lookUpPod(pod, { mode: config().pods, pods, isNamespace });
    },
    isVolatile: (name) => name === domain || parsePodName(name, domain) !== undefined,
    isOurs: (name) => {
      if (name === domain || name.endsWith(suffix)) return true;
      const address = parseReverseName(name);
      return address !== undefined && isOwnAddress(address);
    },
  };
};
