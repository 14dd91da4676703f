import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { DNS_PORT, serviceObject, startDnsServer } from '../../test/support/dns-server.ts';
import type { DnsServer } from '../../test/support/dns-server.ts';
import { addressToBytes, parseAddress } from '../ip/address.ts';
import { endpointSlices, services } from '../k8s/resources.ts';
import { DatagramBatch } from '../kernel/datagram-batch.ts';
import { silentLog } from '../lang/log.ts';
import { decodeMessage, encodeMessage } from '../wire/dns/codec.ts';
import { TYPE } from '../wire/dns/constants.ts';
import type { Message, ResourceRecord } from '../wire/dns/message.ts';
import { addressesOf } from './name-watch.ts';
import type { NameWatch } from './name-watch.ts';
import { listen } from './server/listener.ts';
import type { Answerer, Listener } from './server/listener.ts';

const alias = (name: string, target: string, ttlSeconds: number): ResourceRecord => ({
  name,
  type: TYPE.CNAME,
  class: 1,
  ttlSeconds,
  data: { kind: 'name', name: target },
});

const address = (name: string, text: string, ttlSeconds: number): ResourceRecord => ({
  name,
  type: text.includes(':') ? TYPE.AAAA : TYPE.A,
  class: 1,
  ttlSeconds,
  data: { kind: 'address', bytes: addressToBytes(parseAddress(text)!) },
});

const lines = (name: string, records: readonly ResourceRecord[]): readonly string[] =>
  addressesOf(name, records).map((told) => `${told.address} ${told.ttlSeconds}`);

describe('addressesOf()', () => {
  it('gives the addresses of both families with their own times', () => {
    const records = [address('a.b', '192.0.2.1', 60), address('A.B', '2001:DB8::1', 30)];
    assert.deepEqual(lines('a.b', records), ['192.0.2.1 60', '2001:db8::1 30']);
  });

  it('follows aliases in any order, for as long as the shortest of them holds', () => {
    const records = [
      address('c.d', '192.0.2.1', 60),
      alias('x.y', 'C.d', 7),
      alias('a.b', 'x.y', 90),
      address('c.d', '192.0.2.2', 5),
    ];
    assert.deepEqual(lines('a.b', records), ['192.0.2.1 7', '192.0.2.2 5']);
  });

  it('takes no address of another name, and ends where aliases go in a circle', () => {
    const records = [address('other', '192.0.2.9', 60), alias('a.b', 'c.d', 5), alias('c.d', 'a.b', 5)];
    assert.deepEqual(lines('a.b', records), []);
  });
});

const [DNS, UPSTREAM] = ['127.53.7.10', '127.53.7.99'];
const Z = 'default.svc.cluster.local';

/** Knows an alias for each name, and for some many addresses. */
const upstream: Answerer = (query, transport) => {
  const { message } = decodeMessage(query) as { message: Message };
  const { name } = message.questions[0]!;
  const answers = name.startsWith('many.')
    ? Array.from({ length: 150 }, (_, i) => address(name, `192.0.2.${i}`, 60))
    : [alias(name, 'cdn.example', 60), address('cdn.example', '192.0.2.7', 20)];
  const flags = { ...message.flags, qr: true, ra: true };
  return encodeMessage({ ...message, flags, answers }, transport === 'udp' ? 512 : 65_535);
};

describe('startDns() with a watch on names', () => {
  let server: DnsServer;
  let other: Listener;
  const watched = new Set<string>();
  const listeners = new Set<() => void>();
  const learned: string[] = [];
  const watch: NameWatch = {
    isWatched: (name) => watched.has(name),
    learn: (name, told) =>
      void learned.push(...told.map((each) => `${name} ${each.address} ${each.ttlSeconds}`)),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const watchOnly = (...names: readonly string[]): void => {
    watched.clear();
    for (const name of names) watched.add(name);
    for (const listener of listeners) listener();
  };

  before(async () => {
    other = await listen({
      address: UPSTREAM,
      port: DNS_PORT,
      batch: new DatagramBatch(),
      answer: upstream,
      log: silentLog,
    });
    server = await startDnsServer(DNS, {
      upstreams: [{ address: UPSTREAM, port: DNS_PORT }],
      watch,
      prepare: (client) => {
        client.put(services, serviceObject('db', { clusterIP: 'None', clusterIPs: ['None'] }));
        client.put(services, serviceObject('away', { type: 'ExternalName', externalName: 'a.example' }));
        client.put(endpointSlices, {
          metadata: {
            name: 'db-4',
            namespace: 'default',
            labels: { 'kubernetes.io/service-name': 'db' },
          },
          addressType: 'IPv4',
          endpoints: [{ addresses: ['10.244.0.5'], conditions: { ready: true } }],
          ports: [],
        });
      },
    });
    assert.deepEqual(await server.short(`db.${Z}`), ['10.244.0.5']);
  });
  afterEach(() => void learned.splice(0));
  after(async () => {
    await server?.stop();
    other?.close();
    assert.equal(listeners.size, 0);
  });

  it('tells of a name of others before it answers, with every answer', async () => {
    watchOnly('a.example');
    for (let times = 0; times < 2; times++) await server.dig('A.Example');
    assert.deepEqual(
      learned.map((line) => line.replace(/\d+$/, 'SECONDS')),
      ['a.example 192.0.2.7 SECONDS', 'a.example 192.0.2.7 SECONDS'],
    );
  });

  it('tells of a name of the cluster that it could answer at once, also if it has done so before', async () => {
    watchOnly();
    await server.dig(`db.${Z}`);
    watchOnly(`db.${Z}`);
    for (let times = 0; times < 2; times++) await server.dig(`DB.${Z}`);
    assert.deepEqual(learned, [`db.${Z} 10.244.0.5 5`, `db.${Z} 10.244.0.5 5`]);
  });

  it('tells of the whole way when an ExternalName leads outside', async () => {
    watchOnly(`away.${Z}`);
    await server.dig(`away.${Z}`);
    assert.deepEqual(learned, [`away.${Z} 192.0.2.7 5`]);
  });

  it('tells of more addresses than fit into the answer', async () => {
    watchOnly('many.example');
    await server.dig('many.example', '+ignore');
    assert.equal(learned.length, 150);
  });

  it('says nothing of other names, nor of what they lead to', async () => {
    watchOnly('cdn.example');
    await server.dig('b.example');
    assert.deepEqual(learned, []);
  });
});
