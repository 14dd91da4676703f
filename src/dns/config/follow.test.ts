// The configuration in a running server, with servers of others on loopback addresses.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  type DnsServer,
  DNS_PORT,
  startDnsServer,
  startOtherServer,
} from '../../../test/support/dns-server.ts';
import { podOf } from '../../../test/support/object-builders.ts';
import { eventually } from '../../../test/support/poll.ts';
import { configMaps, pods } from '../../k8s/resources.ts';
import type { Listener } from '../server/listener.ts';

const [DNS, HOST, CORP] = ['127.53.1.10', '127.53.1.98', '127.53.1.99'];
const POD = '10-244-0-5.default.pod.cluster.local';

describe('startDns() with the ConfigMap kube-system/coredns', () => {
  let server: DnsServer;
  let others: readonly Listener[] = [];
  before(async () => {
    others = [await startOtherServer(HOST, 98), await startOtherServer(CORP, 99)];
    server = await startDnsServer(DNS, { upstreams: [{ address: HOST, port: DNS_PORT }] });
  });
  after(async () => {
    await server?.stop();
    for (const other of others) other.close();
  });

  const configure = (...lines: readonly string[]): void =>
    void server.client.put(configMaps, {
      metadata: { name: 'coredns', namespace: 'kube-system' },
      data: { Corefile: lines.join('\n') },
    });
  const becomes = (name: string, address: string): Promise<unknown> =>
    eventually(`${name} is ${address}`, async () => (await server.short(name))[0] === address);

  it('asks the host servers without one', async () => {
    assert.deepEqual(await server.short('x.corp.example'), ['192.0.2.98']);
    assert.match(await server.dig('dns-version.cluster.local', 'TXT'), /\s5\s+IN\s+TXT/);
    assert.equal(await server.rcode(POD), 'NXDOMAIN');
  });

  it('follows it: stub domains, pods and times as it says', async () => {
    configure(
      'corp.example {',
      `  forward . ${CORP}:${DNS_PORT}`,
      '}',
      '. {',
      '  kubernetes cluster.local {',
      '    pods insecure',
      '    ttl 30',
      '  }',
      '  forward . /etc/resolv.conf',
      '}',
    );
    await becomes('x.corp.example', '192.0.2.99');
    assert.deepEqual(await server.short('x.example'), ['192.0.2.98']);
    assert.match(await server.dig('dns-version.cluster.local', 'TXT'), /\s30\s+IN\s+TXT/);
    assert.deepEqual(await server.short(POD), ['10.244.0.5']);
    assert.equal(await server.rcode(POD.replace('default', 'nowhere')), 'NXDOMAIN');
  });

  it('keeps what it has when it cannot be read, and is the default again when it goes', async () => {
    configure('. {');
    configure('}');
    assert.deepEqual(await server.short('y.corp.example'), ['192.0.2.99']);
    server.client.remove(configMaps, 'kube-system/coredns');
    await becomes('z.corp.example', '192.0.2.98');
    assert.equal(await server.rcode(POD), 'NXDOMAIN');
  });

  it('denies also pods that are there where names of pods are disabled', async () => {
    const status = { phase: 'Running', podIPs: [{ ip: '10.244.0.6' }] };
    server.client.put(pods, { ...podOf('p'), metadata: { name: 'p', namespace: 'default' }, status });
    const there = POD.replace('0-5', '0-6');
    await becomes(there, '10.244.0.6');
    const corefile = (mode: string) => [
      '. {',
      '  kubernetes cluster.local {',
      `    pods ${mode}`,
      '  }',
      '}',
    ];
    const rcodeBecomes = (rcode: string) =>
      eventually(`${there} is ${rcode}`, async () => (await server.rcode(there)) === rcode);
    configure(...corefile('disabled'));
    await rcodeBecomes('NXDOMAIN');
    configure(...corefile('verified'));
    await rcodeBecomes('NOERROR');
  });
});
