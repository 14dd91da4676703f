// The cluster DNS of two nodes, asked by a pod on the first, with real packets:
//
//   pod 10.244.0.5 ──── node-1 172.31.5.11 ──── 172.31.5.12 node-2
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createNetns, deleteNetns, netnsPath, withNetns } from '../../src/kernel/netns.ts';
import { writeSysctl } from '../../src/kernel/sysctl.ts';
import { type DnsAgent, type DnsAgentOptions, startDnsAgent } from '../support/dns-agent.ts';
import { askPairs } from '../support/dns-pairs.ts';
import { runOk } from '../support/test-cluster.ts';

const netns = (part: string): string => `podnet-test-dns-${process.pid}-${part}`;
const [POD, NODE_1, NODE_2] = ['pod', 'node-1', 'node-2'].map(netns) as [string, string, string];
const ADDRESSES = ['10.96.0.10', 'fd00:10:96::a'];
const NODES = {
  'node-1': ['172.31.5.11', 'fd00:31:5::11'],
  'node-2': ['172.31.5.12', 'fd00:31:5::12'],
};
const NAME = 'web.default.svc.cluster.local';

const ip = (name: string, ...lines: readonly string[]): Promise<string> =>
  runOk('ip', ['-n', name, '-batch', '-'], { input: `${lines.join('\n')}\n` });

const wire = async (): Promise<void> => {
  await ip(NODE_1, `link add pod type veth peer name eth0 netns ${POD}`);
  await ip(NODE_1, `link add eth0 type veth peer name eth0 netns ${NODE_2}`);
  await ip(
    NODE_1,
    'link set pod up',
    'link set eth0 up',
    'address add 169.254.1.1/32 dev pod scope link',
    'address add fe80::1/64 dev pod nodad',
    ...NODES['node-1'].map((address) => `address add ${prefixed(address)} dev eth0`),
    'route add 10.244.0.5/32 dev pod',
    'route add fd00:244::5/128 dev pod',
  );
  await ip(
    NODE_2,
    'link set eth0 up',
    ...NODES['node-2'].map((address) => `address add ${prefixed(address)} dev eth0`),
    'route add 10.244.0.0/24 via 172.31.5.11',
    'route add fd00:244::/64 via fd00:31:5::11',
  );
  await ip(
    POD,
    'link set eth0 up',
    'address add 10.244.0.5/32 dev eth0',
    'address add fd00:244::5/128 dev eth0 nodad',
    'route add 169.254.1.1 dev eth0 scope link',
    'route add default via 169.254.1.1',
    'route add default via fe80::1 dev eth0',
  );
  withNetns(netnsPath(NODE_1), () => {
    for (const sysctl of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) writeSysctl(sysctl, '1');
  });
};

const prefixed = (address: string): string =>
  address.includes(':') ? `${address}/64 nodad` : `${address}/24`;

const startAgent = (
  nodeName: keyof typeof NODES,
  name: string,
  options: Pick<DnsAgentOptions, 'neverSyncs'> = {},
): Promise<DnsAgent> =>
  startDnsAgent({ netns: netnsPath(name), addresses: ADDRESSES, nodeName, nodes: NODES, ...options });

const dig = (from: string, ...args: readonly string[]): Promise<string> =>
  runOk('ip', ['netns', 'exec', from, 'dig', '+short', '+tries=1', '+time=3', ...args]);

const flows = async (): Promise<string> =>
  (
    await Promise.all(
      ['ipv4', 'ipv6'].map((family) =>
        runOk('ip', ['netns', 'exec', NODE_1, 'conntrack', '-L', '-f', family]),
      ),
    )
  ).join('');

const askEverywhere = async (from: string): Promise<void> => {
  for (const address of ADDRESSES) {
    for (const transport of ['+notcp', '+tcp'])
      assert.equal(await dig(from, `@${address}`, transport, NAME), '10.96.0.7\n', `${address} ${transport}`);
  }
};

describe('startDns() on two nodes', () => {
  const agents: Partial<Record<keyof typeof NODES, DnsAgent>> = {};
  before(async () => {
    for (const name of [POD, NODE_1, NODE_2]) createNetns(name);
    await wire();
    agents['node-1'] = await startAgent('node-1', NODE_1);
    agents['node-2'] = await startAgent('node-2', NODE_2);
  });
  after(async () => {
    await Promise.all(Object.values(agents).map((agent) => agent.stop()));
    for (const name of [POD, NODE_1, NODE_2]) deleteNetns(name);
  });

  const loopbackAddresses = async (): Promise<string[]> =>
    [
      ...(await runOk('ip', ['-n', NODE_2, '-o', 'address', 'show', 'dev', 'lo'])).matchAll(/inet6? (\S+)/g),
    ].map(([, address]) => address!);

  it('answers a pod and its node by UDP and TCP, of both families, without a trace in conntrack', async () => {
    await askEverywhere(POD);
    await askEverywhere(NODE_1);
    assert.doesNotMatch(await flows(), /port=53\b/);
  });

  it('loses none of 100,000 pairs of A and AAAA from one socket each', async () => {
    const options = { netns: netnsPath(POD), server: ADDRESSES[0]!, name: NAME };
    const { whole, lost } = await askPairs({ ...options, pairs: 100_000 });
    assert.deepEqual({ whole, lost }, { whole: 100_000, lost: 0 });
    assert.doesNotMatch(await flows(), /port=53\b/);
  });

  it('is another node when the agent is dead, or does not know the cluster yet, and its own again when it does', async () => {
    await agents['node-1']!.kill();
    await askEverywhere(POD);
    assert.match(await flows(), /dport=53 .*src=172\.31\.5\.12 dst=10\.244\.0\.5/);
    const early = await startAgent('node-1', NODE_1, { neverSyncs: true });
    await askEverywhere(POD);
    await early.kill();
    agents['node-1'] = await startAgent('node-1', NODE_1);
    await agents['node-2']!.stop();
    delete agents['node-2'];
    await askEverywhere(POD);
  });

  it('has its addresses on lo while it runs, and only then', async () => {
    assert.deepEqual(await loopbackAddresses(), ['127.0.0.1/8', '::1/128']);
    agents['node-2'] = await startAgent('node-2', NODE_2);
    assert.deepEqual(await loopbackAddresses(), [
      '127.0.0.1/8',
      '10.96.0.10/32',
      'fd00:10:96::a/128',
      '::1/128',
    ]);
  });
});
