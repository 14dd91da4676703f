// Pods on an underlay of three nodes: who reaches whom, and with which address.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createNetns, deleteNetns, withNetns } from '../../src/kernel/netns.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { createPodNetwork } from '../../src/podnetwork/pod-network.ts';
import type { PodNetwork } from '../../src/podnetwork/pod-network.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { HOST_OUTSIDE, OUTSIDE, OUTSIDE_MTU_BYTES, createPodLab } from '../support/pod-lab.ts';
import type { PodLab } from '../support/pod-lab.ts';
import { eventually } from '../support/poll.ts';
import { run } from '../support/test-cluster.ts';

let lab: PodLab;
before(async () => {
  lab = await createPodLab('net-pods');
});
after(() => lab?.close());

const both = [0, 1] as const;
const call = (from: NetnsAgent, host: string, transport: 'tcp' | 'udp' = 'tcp'): Promise<string> =>
  from.dial({ host, port: 8080, transport });

describe('pod network', () => {
  it('pods of one node and of two see each other’s own addresses, over TCP and UDP, both families', async () => {
    const { a, b, c } = lab.pods;
    for (const family of both)
      for (const transport of ['tcp', 'udp'] as const)
        for (const [from, to, name] of [
          [a, b, 'b'],
          [b, a, 'a'],
          [a, c, 'c'],
          [c, a, 'a'],
        ] as const)
          assert.equal(await call(from, to.ips[family]!, transport), `${name} ${from.ips[family]}`);
  });

  it('a pod reaches itself by its address and by localhost', async () => {
    const { a } = lab.pods;
    for (const address of [...a.ips, '127.0.0.1', '::1']) assert.match(await call(a, address), /^a /);
  });

  it('host and nodes reach pods with their addresses on the underlay', async () => {
    const { a, c } = lab.pods;
    for (const family of both) {
      const [host, node] = [lab.config.hostAddresses[family], lab.config.nodes[0]!.addresses[family]];
      for (const [pod, name] of [
        [a, 'a'],
        [c, 'c'],
      ] as const) {
        assert.equal(await call(lab.host, pod.ips[family]!), `${name} ${host}`);
        assert.equal(await call(lab.node, pod.ips[family]!), `${name} ${node}`);
      }
    }
  });

  it('a node’s address for its pods stays the same when lo carries Services’ addresses', async () => {
    await lab.ip(['address', 'add', '10.254.250.10/32', 'dev', 'lo'], 'node-1');
    await lab.ip(['-6', 'address', 'add', 'fd00:10:254::a/128', 'dev', 'lo', 'nodad'], 'node-1');
    for (const family of both)
      assert.equal(
        await call(lab.node, lab.pods.a.ips[family]!),
        `a ${lab.config.nodes[0]!.addresses[family]}`,
      );
  });

  it('nodes and host see pods as they are; the outside sees the host', async () => {
    const { a, c } = lab.pods;
    for (const family of both)
      for (const pod of [a, c]) {
        assert.equal(await call(pod, lab.config.nodes[0]!.addresses[family]), `node ${pod.ips[family]}`);
        assert.equal(await call(pod, lab.config.hostAddresses[family]), `host ${pod.ips[family]}`);
        for (const transport of ['tcp', 'udp'] as const)
          assert.equal(await call(pod, OUTSIDE[family], transport), `outside ${HOST_OUTSIDE[family]}`);
        assert.equal(await call(lab.node, OUTSIDE[family]), `outside ${HOST_OUTSIDE[family]}`);
      }
  });

  it('a node refuses its addresses that no pod has, instead of sending them round in circles', async () => {
    for (const pod of [lab.pods.a, lab.pods.c])
      assert.equal(await call(pod, '10.254.0.200'), 'error EHOSTUNREACH');
    // TCP over IPv6 does not give up for this ICMP error (linux net/ipv6/icmp.c, icmpv6_err_convert: not fatal)
    const { stderr } = await run('ip', ['-n', 'podnet-net-pods-node-1', 'route', 'get', 'fd00:10:254::c8']);
    assert.match(stderr, /No route to host/);
  });

  it('eth0 carries what the way out carries', async () => {
    assert.equal(lab.pods.a.mtuBytes, OUTSIDE_MTU_BYTES);
    const links = await lab.ip(['-o', 'link'], 'node-1-a');
    assert.match(
      links,
      new RegExp(`eth0@if\\d+: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu ${OUTSIDE_MTU_BYTES}`),
    );
    assert.match(links, /lo: <LOOPBACK,UP,LOWER_UP>/);
    assert.match(await lab.ip(['link'], 'node-1'), /alias default\/a/);
  });
});

describe('createPodNetwork()', () => {
  const identity = { namespace: 'default', name: 'x', uid: 'x', attempt: 0 };
  const folder = (): string => join(lab.stateFolder, 'node-3');
  const allocations = (): Readonly<Record<string, string>> =>
    Object.fromEntries(
      readdirSync(folder())
        .filter((name) => !name.startsWith('.'))
        .map((name) => [name, readlinkSync(join(folder(), name))]),
    );
  const links = async (): Promise<number> =>
    [...(await lab.ip(['-o', 'link'], 'node-3')).matchAll(/: veth/g)].length;
  /** As a new process would, after the old one was killed. */
  const restart = (): PodNetwork =>
    withNetns(lab.nodeNetns('node-3'), () =>
      createPodNetwork({
        clusterName: lab.config.name,
        nodeName: 'node-3',
        podCidrs: lab.config.nodes[2]!.podCidrs,
        stateFolder: folder(),
        mtuBytes: 1500,
        serviceAddresses: lab.config.dnsServiceIps,
        nft: lab.nft('node-3'),
        clock,
        log,
      }),
    );
  const withPodNetns = async (
    work: (path: string, name: string) => Promise<void>,
    id = 'x',
  ): Promise<void> => {
    const name = `podnet-${lab.config.name}-node-3-${id}`;
    const path = createNetns(name);
    try {
      await work(path, name);
    } finally {
      deleteNetns(name);
    }
  };

  it('detach releases the addresses with the interface, twice does no harm, and the next pod gets others', () =>
    withPodNetns(async (path, name) => {
      const network = lab.network('node-3');
      const first = await network.attach('one', identity, path);
      assert.deepEqual(first.ips, ['10.254.2.2', 'fd00:10:254:2::2']);
      assert.deepEqual(allocations(), { '10.254.2.2': 'one', 'fd00:10:254:2::2': 'one' });
      await network.detach('one', path);
      await network.detach('one', path);
      assert.deepEqual(allocations(), {});
      assert.equal(await links(), 0);
      assert.equal((await run('ip', ['-n', name, 'link', 'show', 'eth0'])).code, 1);
      const second = await network.attach('two', identity, path);
      assert.deepEqual(second.ips, ['10.254.2.3', 'fd00:10:254:2::3']);
      await network.detach('two', path);
    }));

  it('detach works when the namespace is gone', async () => {
    const network = lab.network('node-3');
    await withPodNetns(async (path) => void (await network.attach('gone', identity, path)));
    await network.detach('gone', '/run/netns/not-there');
    assert.deepEqual(allocations(), {});
    assert.equal(await links(), 0);
  });

  it('an attach that fails leaves neither addresses nor links', async () => {
    const network = lab.network('node-3');
    await assert.rejects(network.attach('broken', identity, '/run/netns/not-there'), /not-there/);
    assert.deepEqual(allocations(), {});
    await withPodNetns(async (path, name) => {
      await run('ip', ['-n', name, 'link', 'add', 'eth0', 'type', 'bridge']);
      await assert.rejects(network.attach('broken', identity, path), /EEXIST/);
    });
    assert.deepEqual(allocations(), {});
    assert.equal(await links(), 0);
  });

  it('attach of a sandbox that is attached gives it the same addresses', () =>
    withPodNetns(async (path) => {
      const network = lab.network('node-3');
      const first = await network.attach('same', identity, path);
      assert.deepEqual(await network.attach('same', identity, path), first);
      await network.detach('same', path);
    }));

  it('after a restart running pods keep their addresses, and what nobody uses is free', () =>
    withPodNetns(async (path) => {
      const { ips } = await lab.network('node-3').attach('running', identity, path);
      await withPodNetns(async (other) => {
        await lab.network('node-3').attach('dead', identity, other);
      }, 'y');
      await eventually('the dead pod’s wire went with its namespace', async () => (await links()) === 1);
      const network = restart();
      assert.deepEqual([...new Set(Object.values(allocations()))], ['running']);
      assert.deepEqual(await network.attach('running', identity, path).then((it) => it.ips), ips);
      await network.collectGarbage(new Set(['running']));
      assert.equal(Object.keys(allocations()).length, 2);
      await network.collectGarbage(new Set());
      assert.deepEqual(allocations(), {});
      assert.equal(await links(), 0);
      network.close();
    }));
});
