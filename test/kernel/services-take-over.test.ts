// A node on which kube-proxy ran before: what it left goes, and nothing else. By the real iptables of both makes.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createNetns, deleteNetns, netnsPath, withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import { startProxyAgent } from '../support/proxy-agent.ts';
import { service, slice } from '../support/service-objects.ts';
import { run, runOk } from '../support/test-cluster.ts';

const NETNS = `podnet-test-svc-take-over-${process.pid}`;

/** What others have: the kubelet, a container engine, a CNI plugin that marks as kube-proxy did. */
const OTHERS = {
  nat: `:DOCKER - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
:KUBE-MARK-DROP - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -j CNI-HOSTPORT-SETMARK
-A DOCKER -p tcp -m tcp --dport 5000 -m comment --comment "see -j KUBE-SERVICES" -j RETURN
-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
`,
  filter: `:KUBE-FIREWALL - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
-A INPUT -j KUBE-FIREWALL
-A FORWARD -s 192.0.2.0/24 -j ACCEPT
-A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP
`,
  mangle: `:KUBE-KUBELET-CANARY - [0:0]
`,
} as const;

/** What kube-proxy's iptables mode leaves for one Service with two endpoints, and IPVS mode's filter chains. */
const KUBE_PROXY = {
  nat: (ip: string, [pod, other]: readonly [string, string]) => `:KUBE-SERVICES - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-EXT-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]
:KUBE-SEP-BBBBBBBBBBBBBBBB - [0:0]
:KUBE-SEP-CCCCCCCCCCCCCCCC - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-SERVICES -d ${ip} -p tcp -m comment --comment "ns/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-EXT-AAAAAAAAAAAAAAAA
-A KUBE-EXT-AAAAAAAAAAAAAAAA -j KUBE-MARK-MASQ
-A KUBE-EXT-AAAAAAAAAAAAAAAA -j KUBE-SVC-AAAAAAAAAAAAAAAA
-A KUBE-SVC-AAAAAAAAAAAAAAAA -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-BBBBBBBBBBBBBBBB
-A KUBE-SVC-AAAAAAAAAAAAAAAA -j KUBE-SEP-CCCCCCCCCCCCCCCC
-A KUBE-SEP-BBBBBBBBBBBBBBBB -s ${pod} -j KUBE-MARK-MASQ
-A KUBE-SEP-BBBBBBBBBBBBBBBB -p tcp -m tcp -j DNAT --to-destination ${pod}:8080
-A KUBE-SEP-CCCCCCCCCCCCCCCC -p tcp -m tcp -j DNAT --to-destination ${other}:8080
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MASQUERADE --random-fully
`,
  filter: () => `:KUBE-EXTERNAL-SERVICES - [0:0]
:KUBE-FORWARD - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-PROXY-CANARY - [0:0]
:KUBE-PROXY-FIREWALL - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-IPVS-FILTER - [0:0]
-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
-A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
-A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
-A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
`,
  mangle: () => `:KUBE-PROXY-CANARY - [0:0]
`,
} as const;

const TABLES = ['nat', 'filter', 'mangle'] as const;
const ADDRESSES = {
  iptables: ['10.96.0.10/32', ['10.244.0.2', '10.244.0.3']],
  ip6tables: ['fd00:96::10/128', ['[fd00:244::2]', '[fd00:244::3]']],
} as const;
type Family = keyof typeof ADDRESSES;

/** Runs in the node. */
const node = (...words: string[]): Promise<string> => runOk('ip', ['netns', 'exec', NETNS, ...words]);
const restore = async (program: string, text: string): Promise<void> => {
  await runOk('ip', ['netns', 'exec', NETNS, `${program}-restore`, '--noflush'], { input: text });
};

/** What is in the tables: without counters and dates. */
const saved = async (program: string): Promise<string> =>
  (await node(`${program}-save`)).replaceAll(/^#.*\n/gm, '').replaceAll(/\[\d+:\d+\]/g, '');

const leave = async (program: string, family: Family): Promise<void> => {
  const [ip, pods] = ADDRESSES[family];
  const bare = pods.map((pod) => pod.replaceAll(/[[\]]/g, '')) as [string, string];
  for (const table of TABLES) {
    const rules = KUBE_PROXY[table](ip, pods).replaceAll(`-s ${pods[0]} `, `-s ${bare[0]} `);
    await restore(program, `*${table}\n${rules}COMMIT\n`);
  }
};

const takeOver = async (): Promise<void> => {
  const proxy = await startProxyAgent({
    netns: netnsPath(NETNS),
    nodeName: 'node-1',
    zone: undefined,
    nodeAddresses: [],
    podCidrs: ['10.244.0.0/16'],
    serviceCidrs: ['10.96.0.0/16'],
    services: [service('web', 10)],
    slices: [slice('web', ['10.244.0.2', '10.244.0.3'])],
  });
  assert.match(await node('nft', 'list', 'map', 'ip', 'podnet-services', 'services'), /10\.96\.0\.10/);
  await proxy.close();
};

const hasLegacy = (await run('unshare', ['--net', 'iptables-legacy', '-S'])).code === 0;
const noLegacy = !hasLegacy && 'this kernel has no ip_tables';

describe('a proxy that takes over from kube-proxy', () => {
  beforeEach(() => void createNetns(NETNS));
  afterEach(() => deleteNetns(NETNS));

  for (const family of ['iptables', 'ip6tables'] as const) {
    for (const make of ['nft', 'legacy'] as const) {
      const program = `${family}-${make}`;

      it(
        `leaves of ${program} what others have, and only that`,
        { skip: make === 'legacy' && noLegacy },
        async () => {
          for (const table of TABLES) {
            const text = OTHERS[table].replaceAll(
              '192.0.2.0/24',
              family === 'iptables' ? '192.0.2.0/24' : '2001:db8::/32',
            );
            await restore(program, `*${table}\n${text}COMMIT\n`);
          }
          const before = await saved(program);
          await leave(program, family);
          assert.notEqual(await saved(program), before);
          await takeOver();
          assert.equal(await saved(program), before);
        },
      );
    }
  }

  it('leaves a chain that another plugin’s chain leads to', { skip: noLegacy }, async () => {
    await leave('iptables-legacy', 'iptables');
    await restore('iptables-legacy', '*nat\n:CNI-MARK - [0:0]\n-A CNI-MARK -j KUBE-MARK-MASQ\nCOMMIT\n');
    await takeOver();
    const chains = (await saved('iptables-legacy')).match(/(?<=^:)(KUBE|CNI)\S+/gm);
    assert.deepEqual(chains, ['CNI-MARK', 'KUBE-MARK-MASQ']);
  });

  it('makes no table of the iptables of old where there is none', { skip: noLegacy }, async () => {
    await takeOver();
    assert.equal(await node('cat', '/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'), '');
  });

  it('removes the tables of kube-proxy’s nftables mode', async () => {
    const nft = withNetns(netnsPath(NETNS), openNft);
    nft.run(`add table ip kube-proxy
add map ip kube-proxy service-ips { type ipv4_addr : verdict; }
add chain ip kube-proxy services
add rule ip kube-proxy services ip daddr vmap @service-ips
add table ip6 kube-proxy
add table inet kube-proxy`);
    await takeOver();
    const names = nft
      .query('list tables')
      .map(({ table }) => `${String(table!['family'])} ${String(table!['name'])}`);
    nft.close();
    assert.deepEqual(
      names.filter((name) => name.includes('kube-proxy')),
      ['inet kube-proxy'],
      'not one of its own',
    );
  });

  it('removes the interface of IPVS mode, by which the node has the Services’ addresses', async () => {
    // a bridge: the kernel of the tests has no dummy interfaces, nor IPVS
    await node('ip', 'link', 'add', 'kube-ipvs0', 'type', 'bridge');
    await node('ip', 'address', 'add', '10.96.0.10/32', 'dev', 'kube-ipvs0');
    await takeOver();
    assert.doesNotMatch(await node('ip', 'address'), /kube-ipvs0|10\.96\.0\.10/);
  });
});
