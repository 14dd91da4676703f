// The server for real, on loopback addresses, asked with dig.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { createFakeClient } from '../../test/support/fake-client.ts';
import { settle } from '../../test/support/fake-clock.ts';
import { podOf } from '../../test/support/object-builders.ts';
import { eventually } from '../../test/support/poll.ts';
import { startInformer, whenAllSynced } from '../informer/informer.ts';
import type { EndpointSlice, Service, ServiceSpec } from '../k8s/generated/types.ts';
import { endpointSlices, namespaces, pods, services } from '../k8s/resources.ts';
import { DatagramBatch } from '../kernel/datagram-batch.ts';
import { systemClock } from '../lang/clock.ts';
import { silentLog } from '../lang/log.ts';
import { decodeMessage, encodeMessage } from '../wire/dns/codec.ts';
import { TYPE } from '../wire/dns/constants.ts';
import { queryOf } from '../wire/dns/query.ts';
import type { Message, ResourceRecord } from '../wire/dns/message.ts';
import { dnsIndexes, startDns } from './dns.ts';
import { startPodAddresses } from './pod-addresses.ts';
import type { Dns } from './dns.ts';
import { framed } from './server/frames.ts';
import { listen } from './server/listener.ts';
import type { Answerer, Listener } from './server/listener.ts';

/** Of this process alone: several may run at once, and all servers have the same port. */
const NET = `127.${64 + ((process.pid >> 8) & 63)}.${process.pid & 255}`;
const ADDRESS = `${NET}.10`;
const UPSTREAM = `${NET}.99`;
const PORT = 5353;

const service = (name: string, spec: ServiceSpec): Service => ({
  metadata: { name, namespace: 'default' },
  spec,
});

const slice = (name: string, ips: readonly string[]): EndpointSlice => ({
  metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints: ips.map((ip, i) => ({ addresses: [ip], ...(i === 0 ? { hostname: 'first' } : {}) })),
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
});

const address = (name: string, last: number): ResourceRecord => ({
  name,
  type: TYPE.A,
  class: 1,
  ttlSeconds: 60,
  data: { kind: 'address', bytes: Uint8Array.from([192, 0, 2, last]) },
});

/** Knows one address for every name; `big.*` has a hundred. */
const upstream: Answerer = (query, transport) => {
  const { message } = decodeMessage(query) as { message: Message };
  const { name } = message.questions[0]!;
  const count = name.startsWith('big.') ? 100 : 1;
  const answers = Array.from({ length: count }, (_, i) => address(name, i + 1));
  const flags = { ...message.flags, qr: true, ra: true };
  return encodeMessage({ ...message, flags, answers }, transport === 'udp' ? 512 : 65_535);
};

const queryFor = (id: number, name: string): Uint8Array =>
  encodeMessage(queryOf(id, { name, type: TYPE.A, class: 1 }));

describe('startDns()', () => {
  const client = createFakeClient();
  const common = { client, clock: systemClock, log: silentLog };
  let dns: Dns;
  let stub: Listener;
  let informers: ReturnType<typeof startInformers>;
  const startInformers = () => ({
    services: startInformer({ ...common, resource: services }),
    endpointSlices: startInformer({
      ...common,
      resource: endpointSlices,
      indexes: dnsIndexes.endpointSlices,
    }),
    namespaces: startInformer({ ...common, resource: namespaces }),
    pods: startPodAddresses(common),
  });

  before(async () => {
    client.put(namespaces, { metadata: { name: 'default' } });
    const ports = [{ name: 'http', port: 80 }];
    client.put(
      services,
      service('web', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', 'fd00::7'], ports }),
    );
    client.put(services, service('db', { clusterIP: 'None', clusterIPs: ['None'] }));
    client.put(services, service('none', { clusterIP: 'None', clusterIPs: ['None'] }));
    client.put(services, service('away', { type: 'ExternalName', externalName: 'www.example.org' }));
    client.put(
      services,
      service('near', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
    );
    client.put(services, service('many', { clusterIP: 'None', clusterIPs: ['None'] }));
    client.put(endpointSlices, slice('db', ['10.244.0.5', '10.244.1.6']));
    client.put(
      endpointSlices,
      slice(
        'many',
        Array.from({ length: 100 }, (_, i) => `10.244.2.${i}`),
      ),
    );
    const pod = podOf('p');
    const status = { phase: 'Running', podIPs: [{ ip: '10.244.0.5' }, { ip: 'fd00::5' }] };
    client.put(pods, { ...pod, metadata: { name: 'p', namespace: 'default' }, status });
    informers = startInformers();
    stub = await listen({
      address: UPSTREAM,
      port: PORT,
      answer: upstream,
      batch: new DatagramBatch(),
      log: silentLog,
    });
    dns = startDns({
      ...common,
      ...informers,
      domain: 'cluster.local',
      addresses: [ADDRESS],
      port: PORT,
      nodeName: 'n',
      reverseCidrs: ['10.244.0.0/16'],
      upstreams: [{ address: UPSTREAM, port: PORT }],
    });
    await dns.whenReady();
  });
  after(async () => {
    await dns?.stop();
    stub?.close();
    for (const informer of Object.values(informers ?? {})) informer.stop();
  });

  const dig = async (...query: string[]): Promise<string> => {
    const args = [`@${ADDRESS}`, '-p', String(PORT), '+tries=1', '+time=3', '+nocookie', ...query];
    return (await promisify(execFile)('dig', args)).stdout;
  };
  const short = async (...query: string[]): Promise<string[]> =>
    (await dig('+short', ...query)).split('\n').filter(Boolean).sort();
  const status = async (...query: string[]): Promise<string> => {
    const text = await dig(...query);
    const [, rcode] = /status: (\w+)/.exec(text)!;
    const [, flags] = /flags: ([^;]*);/.exec(text)!;
    return `${rcode} ${flags} ${/AUTHORITY SECTION:\n(\S+)\s+\d+\s+IN\s+SOA/.exec(text)?.[1] ?? '-'}`;
  };

  it('answers for Services, with both families', async () => {
    assert.deepEqual(await short('web.default.svc.cluster.local'), ['10.96.0.7']);
    assert.deepEqual(await short('web.default.svc.cluster.local', 'AAAA'), ['fd00::7']);
    assert.deepEqual(await short('_http._tcp.web.default.svc.cluster.local', 'SRV'), [
      '0 100 80 web.default.svc.cluster.local.',
    ]);
    assert.deepEqual(await short('-x', '10.96.0.7'), ['web.default.svc.cluster.local.']);
    assert.deepEqual(await short('-x', 'fd00::7'), ['web.default.svc.cluster.local.']);
  });

  it('answers for headless Services, their endpoints and pods', async () => {
    assert.deepEqual(await short('db.default.svc.cluster.local'), ['10.244.0.5', '10.244.1.6']);
    assert.deepEqual(await short('first.db.default.svc.cluster.local'), ['10.244.0.5']);
    assert.deepEqual(await short('10-244-1-6.db.default.svc.cluster.local'), ['10.244.1.6']);
    assert.deepEqual(await short('10-244-0-5.default.pod.cluster.local'), ['10.244.0.5']);
    assert.deepEqual(await short('fd00--5.default.pod.cluster.local', 'AAAA'), ['fd00::5']);
    const srv = await dig('_http._tcp.db.default.svc.cluster.local', 'SRV');
    assert.match(
      srv,
      /ADDITIONAL: 3[\s\S]*first\.db\.default\.svc\.cluster\.local\. 5 IN\s+A\s+10\.244\.0\.5/,
    );
  });

  it('tells a name that is not there from a type that is not there', async () => {
    const no = 'qr aa rd ra cluster.local.';
    assert.equal(await status('no.default.svc.cluster.local'), `NXDOMAIN ${no}`);
    assert.equal(
      await status('none.default.svc.cluster.local'),
      `NXDOMAIN ${no}`,
      'headless without endpoints',
    );
    assert.equal(await status('x.nowhere.svc.cluster.local'), `NXDOMAIN ${no}`);
    assert.equal(await status('10-9-9-9.default.pod.cluster.local'), `NXDOMAIN ${no}`);
    assert.equal(await status('web.default.svc.cluster.local', 'MX'), `NOERROR ${no}`);
    assert.equal(await status('default.svc.cluster.local'), `NOERROR ${no}`);
    assert.equal(await status('svc.cluster.local'), `NOERROR ${no}`);
    assert.equal(await status('-x', '10.244.9.9'), 'NXDOMAIN qr aa rd ra in-addr.arpa.');
  });

  it('has an apex and a version', async () => {
    assert.deepEqual(await short('dns-version.cluster.local', 'TXT'), ['"1.1.0"']);
    assert.match(
      (await short('cluster.local', 'SOA'))[0]!,
      /^ns\.dns\.cluster\.local\. hostmaster\.cluster\.local\. \d+ 7200 1800 86400 5$/,
    );
    assert.deepEqual(await short('cluster.local', 'NS'), ['ns.dns.cluster.local.']);
    assert.deepEqual(await short('ns.dns.cluster.local'), [ADDRESS]);
  });

  it('follows aliases, inside and outside', async () => {
    assert.deepEqual(await short('away.default.svc.cluster.local'), ['192.0.2.1', 'www.example.org.']);
    assert.deepEqual(await short('near.default.svc.cluster.local'), [
      '10.96.0.7',
      'web.default.svc.cluster.local.',
    ]);
  });

  it('echoes the case of the question', async () => {
    assert.match(
      await dig('wEb.DEFAULT.svc.Cluster.Local'),
      /\nwEb\.DEFAULT\.svc\.Cluster\.Local\.\s+5\s+IN\s+A\s+10\.96\.0\.7/,
    );
  });

  it('truncates for UDP and tells the whole by TCP', async () => {
    const name = 'many.default.svc.cluster.local';
    assert.match(await dig('+ignore', '+noedns', name), /flags: qr aa tc rd ra;/);
    assert.equal((await short(name)).length, 100, 'dig asks again by TCP');
    assert.match(await dig('+ignore', '+bufsize=4096', name), /flags: qr aa tc rd ra;[\s\S]*udp: 1232/);
  });

  it('forwards other names, by TCP where it must', async () => {
    assert.deepEqual(await short('www.example.org'), ['192.0.2.1']);
    assert.equal((await short('big.example.org')).length, 100);
    assert.equal(await status('www.example.org'), 'NOERROR qr rd ra -');
  });

  it('refuses transfers, other classes and what it does not know', async () => {
    assert.match(await dig('cluster.local', 'AXFR'), /Transfer failed/);
    assert.match(await dig('+opcode=notify', 'cluster.local', 'SOA'), /status: NOTIMP/);
    assert.match(await dig('version.bind', 'CH', 'TXT'), /status: REFUSED/);
    assert.match(await dig('+edns=1', '+noednsneg', 'cluster.local', 'SOA'), /status: BADVERS/);
  });

  it('says FORMERR to a broken query, nothing to an answer or to noise, and goes on', async () => {
    const query = queryFor(4660, 'web.default.svc.cluster.local');
    const answer = Uint8Array.from(query);
    answer[2] = 0x80;
    const socket = createSocket('udp4');
    const replies: Uint8Array[] = [];
    socket.on('message', (bytes) => replies.push(bytes));
    for (const bytes of [Buffer.from('noise'), answer, query.subarray(0, -3), query])
      socket.send(bytes, PORT, ADDRESS);
    await eventually('two replies', () => replies.length === 2);
    socket.close();
    const codes = replies.map((bytes) => {
      const { message } = decodeMessage(bytes) as { message: Message };
      return `${message.id} ${message.flags.rcode} ${message.answers.length}`;
    });
    assert.deepEqual(codes.sort(), ['4660 0 1', '4660 1 0']);
  });

  it('answers several queries on one connection', async () => {
    const socket = connect(PORT, ADDRESS);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    const both = Buffer.concat(
      [queryFor(1, 'web.default.svc.cluster.local'), queryFor(2, 'www.example.org')].map(framed),
    );
    socket.write(both.subarray(0, 20));
    socket.write(both.subarray(20));
    await eventually('both answers', () => received.length > 90);
    socket.destroy();
    assert.equal(received.readUInt16BE(2), 1);
  });

  it('follows the objects: an endpoint that leaves, a Service that goes', async () => {
    client.put(endpointSlices, slice('db', ['10.244.1.6']));
    await eventually(
      'the endpoint is gone',
      async () => (await short('db.default.svc.cluster.local')).length === 1,
    );
    client.remove(services, 'default/db');
    await eventually('the Service is gone', async () =>
      (await status('db.default.svc.cluster.local')).startsWith('NXDOMAIN'),
    );
    assert.doesNotMatch(dns.toText(), /db\.default/);
  });

  it('installs nothing any more when it is stopped before it is complete', async () => {
    const installed: string[] = [];
    const short = startDns({
      ...common,
      ...informers,
      nft: { run: (commands) => void installed.push(commands) },
      domain: 'cluster.local',
      addresses: [`${NET}.12`],
      port: PORT,
      nodeName: 'n',
      upstreams: [],
    });
    await whenAllSynced(informers.services);
    await Promise.resolve();
    await short.stop();
    await settle();
    assert.deepEqual(installed, []);
  });

  it('fails the cluster names, but not the others, before it knows the cluster', async () => {
    const never = { ...informers.pods, whenSynced: () => new Promise<void>(() => {}) };
    const early = startDns({
      ...common,
      ...informers,
      pods: never,
      startupMs: 50,
      domain: 'cluster.local',
      addresses: [`${NET}.11`],
      port: PORT,
      nodeName: 'n',
      upstreams: [{ address: UPSTREAM, port: PORT }],
    });
    try {
      const ask = async (name: string): Promise<string> =>
        (await promisify(execFile)('dig', [`@${NET}.11`, '-p', String(PORT), '+time=1', '+tries=5', name]))
          .stdout;
      await eventually('it listens', () => ask('web.default.svc.cluster.local').catch(() => ''));
      assert.match(await ask('web.default.svc.cluster.local'), /status: SERVFAIL/);
      assert.match(await ask('www.example.org'), /status: NOERROR/);
    } finally {
      await early.stop();
    }
  });
});
