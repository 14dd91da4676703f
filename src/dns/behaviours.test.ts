// What the DNS specification 1.1.0 and CoreDNS' users expect, one by one, of a server that runs. See docs/reference/dns.md.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import {
  type DnsServer,
  DNS_PORT,
  serviceObject,
  startDnsServer,
  startOtherServer,
} from '../../test/support/dns-server.ts';
import { eventually } from '../../test/support/poll.ts';
import type { Endpoint, EndpointSlice } from '../k8s/generated/types.ts';
import { endpointSlices, serviceCidrs, services } from '../k8s/resources.ts';
import { createPage } from '../metrics/page.ts';
import { encodeMessage } from '../wire/dns/codec.ts';
import { queryOf } from '../wire/dns/query.ts';
import { dnsMetrics } from './metrics.ts';
import { framed } from './server/frames.ts';
import type { Listener } from './server/listener.ts';

const [DNS, OTHER] = ['127.53.2.10', '127.53.2.99'];
const Z = 'default.svc.cluster.local';

const slice = (service: string, family: 4 | 6, endpoints: readonly Endpoint[]): EndpointSlice => ({
  metadata: {
    name: `${service}-${family}`,
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': service },
    annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': new Date().toISOString() },
  },
  addressType: `IPv${family}`,
  endpoints,
  ports: [
    { name: 'http', port: 8080, protocol: 'TCP' },
    { name: 'dns', port: 53, protocol: 'UDP' },
    { port: 9999, protocol: 'TCP' },
  ],
});

const headless = { clusterIP: 'None', clusterIPs: ['None'] };

describe('the cluster DNS', () => {
  let server: DnsServer;
  let other: Listener;
  before(async () => {
    other = await startOtherServer(OTHER, 99);
    server = await startDnsServer(DNS, {
      upstreams: [{ address: OTHER, port: DNS_PORT }],
      prepare: (client) => {
        client.put(
          services,
          serviceObject('v4', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ port: 80 }] }),
        );
        client.put(services, serviceObject('away', { type: 'ExternalName', externalName: 'a.example' }));
        client.put(services, serviceObject('db', headless));
        const first = { hostname: 'db-0', conditions: { ready: true } };
        client.put(
          endpointSlices,
          slice('db', 4, [{ ...first, addresses: ['10.244.0.5'] }, { addresses: ['10.244.0.6'] }]),
        );
        client.put(endpointSlices, slice('db', 6, [{ ...first, addresses: ['fd00::5'] }]));
      },
    });
  });
  after(async () => {
    await server?.stop();
    other?.close();
  });

  it('has no AAAA of a Service with IPv4 only: NODATA', async () => {
    const answer = await server.dig(`v4.${Z}`, 'AAAA');
    assert.match(answer, /status: NOERROR[\s\S]*ANSWER: 0, AUTHORITY: 1[\s\S]*IN\s+SOA\s/);
  });

  it('has no SRV of a port without a name', async () => {
    assert.equal(await server.rcode(`_tcp.v4.${Z}`, 'SRV'), 'NXDOMAIN');
    assert.equal(await server.rcode(`_http._tcp.v4.${Z}`, 'SRV'), 'NXDOMAIN');
  });

  it('has a headless Service in both families, each host by its name, and one SRV for each host and named port', async () => {
    assert.deepEqual(await server.short(`db.${Z}`, 'AAAA'), ['fd00::5']);
    assert.deepEqual(await server.short(`db-0.db.${Z}`), ['10.244.0.5']);
    assert.deepEqual(await server.short(`db-0.db.${Z}`, 'AAAA'), ['fd00::5']);
    const hosts = [`10-244-0-6.db.${Z}.`, `db-0.db.${Z}.`];
    assert.deepEqual(
      await server.short(`_http._tcp.db.${Z}`, 'SRV'),
      hosts.map((host) => `0 33 8080 ${host}`),
    );
    assert.deepEqual(
      await server.short(`_dns._udp.db.${Z}`, 'SRV'),
      hosts.map((host) => `0 33 53 ${host}`),
    );
    assert.deepEqual(await server.short('-x', '10.244.0.5'), [`db-0.db.${Z}.`]);
    assert.deepEqual(await server.short('-x', 'fd00::5'), [`db-0.db.${Z}.`]);
  });

  it('denies reverse names in ranges of Services, also in one that comes later, as long as it is there', async () => {
    const becomes = (rcode: string) =>
      eventually(rcode, async () => (await server.rcode('-x', '10.120.0.7')) === rcode);
    await becomes('NOERROR'); // somebody else's
    server.client.put(serviceCidrs, { metadata: { name: 'more' }, spec: { cidrs: ['10.120.0.0/24'] } });
    await becomes('NXDOMAIN');
    server.client.remove(serviceCidrs, 'more');
    await becomes('NOERROR');
  });

  it('has nothing below an ExternalName', async () => {
    assert.equal(await server.rcode(`_http._tcp.away.${Z}`, 'SRV'), 'NXDOMAIN');
    assert.equal(await server.rcode(`x.away.${Z}`), 'NXDOMAIN');
    assert.deepEqual(await server.short(`away.${Z}`, 'CNAME'), ['a.example.']);
  });

  it('follows an ExternalName that changes, and that becomes a ClusterIP', async () => {
    const becomes = (address: string) =>
      eventually(address, async () => (await server.short(`turns.${Z}`)).includes(address));
    server.client.put(services, serviceObject('turns', { type: 'ExternalName', externalName: 'a.example' }));
    await becomes('a.example.');
    server.client.put(services, serviceObject('turns', { type: 'ExternalName', externalName: 'b.example' }));
    await becomes('b.example.');
    server.client.put(
      services,
      serviceObject('turns', { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] }),
    );
    await becomes('10.96.0.9');
  });

  it('takes EDNS as it comes: sizes, options that nobody knows, no other version', async () => {
    const hundred = Array.from({ length: 100 }, (_, i) => ({ addresses: [`10.244.1.${i}`] }));
    server.client.put(services, serviceObject('many', headless));
    server.client.put(endpointSlices, slice('many', 4, hundred));
    await eventually('many', async () => (await server.rcode(`many.${Z}`)) === 'NOERROR');
    const answers = async (...args: string[]): Promise<string> => {
      const text = await server.dig('+ignore', '+notcp', `many.${Z}`, ...args);
      return /flags: ([^;]*); QUERY: 1, ANSWER: (\d+)/.exec(text)!.slice(1, 3).join(' ');
    };
    assert.equal(await answers('+noedns'), 'qr aa tc rd ra 29', '512 bytes');
    assert.equal(await answers('+bufsize=800'), 'qr aa tc rd ra 46');
    assert.equal(await answers('+bufsize=4096'), 'qr aa tc rd ra 73', '1232 bytes');
    assert.equal(await answers('+tcp'), 'qr aa rd ra 100');
    assert.equal(await server.rcode(`v4.${Z}`, '+ednsopt=65001:c0ffee', '+nsid', '+cookie'), 'NOERROR');
    assert.equal(await server.rcode(`v4.${Z}`, '+edns=1', '+noednsneg'), 'BADVERS');
  });

  it('answers ANY with one set (RFC 8482), types that nobody knows with NODATA', async () => {
    assert.equal((await server.short(`db.${Z}`, 'ANY', '+notcp')).length, 2);
    const answer = await server.dig(`v4.${Z}`, 'TYPE65');
    assert.match(answer, /status: NOERROR[\s\S]*ANSWER: 0, AUTHORITY: 1/);
  });

  it('answers a hundred queries that come at once on one connection', async () => {
    const query = (id: number): Buffer => {
      const name = id % 2 === 0 ? `v4.${Z}` : `x${id}.example`;
      return framed(encodeMessage(queryOf(id, { name, type: 1, class: 1 })));
    };
    const socket = connect(DNS_PORT, DNS);
    const ids = new Set<number>();
    let rest: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (
        ;
        rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0);
        rest = rest.subarray(2 + rest.readUInt16BE(0))
      )
        ids.add(rest.readUInt16BE(2));
    });
    socket.write(Buffer.concat(Array.from({ length: 100 }, (_, id) => query(id))));
    await eventually('all answers', () => ids.size === 100);
    socket.destroy();
  });

  it('counts under the names of CoreDNS', async () => {
    await server.short(`v4.${Z}`);
    await server.short('counted.example');
    const text = await createPage(dnsMetrics)();
    const site = 'server="dns://:53",zone=".",view=""';
    for (const line of [
      `coredns_dns_requests_total{${site},proto="udp",family="1",type="A"}`,
      `coredns_dns_requests_total{${site},proto="tcp",family="1",type="A"}`,
      `coredns_dns_responses_total{${site},rcode="NOERROR",plugin="kubernetes"}`,
      `coredns_dns_responses_total{${site},rcode="NOERROR",plugin="forward"}`,
      `coredns_dns_request_duration_seconds_count{${site}}`,
      'coredns_cache_requests_total',
      'coredns_cache_misses_total',
      `coredns_proxy_request_duration_seconds_count{to="${OTHER}:${DNS_PORT}",rcode="NOERROR"}`,
    ])
      assert.ok(text.includes(`\n${line} `), `${line} in\n${text}`);
  });

  it('measures how long a change of endpoints takes', async () => {
    server.client.put(endpointSlices, slice('db', 6, [{ addresses: ['fd00::6'] }]));
    await eventually('measured', async () =>
      /dns_programming_duration_seconds_count\{service_kind="headless_with_selector"\} [1-9]/.test(
        await createPage(dnsMetrics)(),
      ),
    );
  });
});
