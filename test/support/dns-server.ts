// The cluster DNS on a loopback address, over an API in memory, asked with dig.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { dnsIndexes, startDns } from '../../src/dns/dns.ts';
import type { DnsOptions } from '../../src/dns/dns.ts';
import { startPodAddresses } from '../../src/dns/pod-addresses.ts';
import type { Answerer, Listener } from '../../src/dns/server/listener.ts';
import { listen } from '../../src/dns/server/listener.ts';
import { startInformer } from '../../src/informer/informer.ts';
import type { ServiceSpec } from '../../src/k8s/generated/types.ts';
import { configMaps, endpointSlices, namespaces, serviceCidrs, services } from '../../src/k8s/resources.ts';
import { DatagramBatch } from '../../src/kernel/datagram-batch.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { decodeMessage, encodeMessage } from '../../src/wire/dns/codec.ts';
import { TYPE } from '../../src/wire/dns/constants.ts';
import type { Message } from '../../src/wire/dns/message.ts';
import { createFakeClient } from './fake-client.ts';
import type { FakeClient } from './fake-client.ts';

export const DNS_PORT = 5453;

export type DnsServer = {
  readonly client: FakeClient;
  readonly dig: (...args: readonly string[]) => Promise<string>;
  /** The answers' data, sorted. */
  readonly short: (...args: readonly string[]) => Promise<readonly string[]>;
  /** `NXDOMAIN`. */
  readonly rcode: (...args: readonly string[]) => Promise<string>;
  readonly toText: () => string;
  readonly stop: () => Promise<void>;
};

/** `address` is of 127.0.0.0/8, and nobody else's. */
export const startDnsServer = async (
  address: string,
  options: Partial<DnsOptions> & { readonly prepare?: (client: FakeClient) => void } = {},
): Promise<DnsServer> => {
  const client = createFakeClient();
  client.put(namespaces, { metadata: { name: 'default' } });
  options.prepare?.(client);
  const common = { client, clock, log };
  const informers = {
    services: startInformer({ ...common, resource: services }),
    endpointSlices: startInformer({
      ...common,
      resource: endpointSlices,
      indexes: dnsIndexes.endpointSlices,
    }),
    namespaces: startInformer({ ...common, resource: namespaces }),
    pods: startPodAddresses(common),
    configMaps: startInformer({ ...common, resource: configMaps }),
    serviceCidrs: startInformer({ ...common, resource: serviceCidrs }),
  };
  const site = {
    domain: 'cluster.local',
    addresses: [address],
    port: DNS_PORT,
    nodeName: 'n',
    upstreams: [],
  };
  const dns = startDns({ ...common, ...informers, ...site, ...options });
  await dns.whenReady();
  const dig: DnsServer['dig'] = async (...args) => {
    const all = [`@${address}`, '-p', String(DNS_PORT), '+tries=1', '+time=3', '+nocookie', ...args];
    return (await promisify(execFile)('dig', all)).stdout;
  };
  return {
    client,
    dig,
    short: async (...args) => (await dig('+short', ...args)).split('\n').filter(Boolean).sort(),
    rcode: async (...args) => /status: (\w+)/.exec(await dig(...args))?.[1] ?? '',
    toText: dns.toText,
    stop: async () => {
      await dns.stop();
      for (const informer of Object.values(informers)) informer.stop();
    },
  };
};

/** A server of others: says `192.0.2.LAST` for every name. */
export const startOtherServer = (address: string, last: number): Promise<Listener> =>
  listen({ address, port: DNS_PORT, batch: new DatagramBatch(), answer: sayAlways(last), log });

const sayAlways =
  (last: number): Answerer =>
  (query) => {
    const { message } = decodeMessage(query) as { message: Message };
    const { name } = message.questions[0]!;
    const data = { kind: 'address', bytes: Uint8Array.from([192, 0, 2, last]) } as const;
    const answers = [{ name, type: TYPE.A, class: 1, ttlSeconds: 60, data }];
    return encodeMessage({ ...message, flags: { ...message.flags, qr: true, ra: true }, answers });
  };

export const serviceObject = (name: string, spec: ServiceSpec) => ({
  metadata: { name, namespace: 'default' },
  spec,
});
