// The underlay as a whole: what createUnderlay makes, and that removeUnderlay leaves nothing of it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { removeClusterTraces } from '../../src/cli/remove-traces.ts';
import { planCluster } from '../../src/embedded/cluster-config.ts';
import { startInformer } from '../../src/informer/informer.ts';
import { serviceCidrs } from '../../src/k8s/resources.ts';
import { netnsPath } from '../../src/kernel/netns.ts';
import { readSysctl } from '../../src/kernel/sysctl.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { startServiceRoutes } from '../../src/underlay/service-routes.ts';
import { createUnderlay, removeUnderlay } from '../../src/underlay/underlay.ts';
import { createFakeClient } from '../support/fake-client.ts';
import { startNetnsAgent } from '../support/netns-agent.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { HOST_OUTSIDE, OUTSIDE, createLabHost } from '../support/pod-lab.ts';
import { eventually } from '../support/poll.ts';
import { run, runOk } from '../support/test-cluster.ts';

const NAME = 'net-underlay';
const config = planCluster({ name: NAME, slot: 10, nodes: 3, zones: [], proxy: 'nftables' });
const longName = planCluster({
  name: 'net-underlay-node-1',
  slot: 9,
  nodes: 1,
  zones: [],
  proxy: 'nftables',
});

const FORWARDING = ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding', 'net/ipv6/conf/wan/accept_ra'];

/** What this test's host has: its own, without the other namespaces of the machine. */
const hostState = async (): Promise<object> => ({
  links: (await runOk('ip', ['-o', 'link']))
    .match(/^\d+: [^:@]+/gm)!
    .map((link) => link.replace(/^\d+: /, '')),
  routes: await runOk('ip', ['route']),
  routes6: await runOk('ip', ['-6', 'route']),
  rules: await runOk('nft', ['list', 'ruleset']),
  sysctls: FORWARDING.map(readSysctl),
  netns: (await runOk('ip', ['netns'])).match(/podnet-net-underlay\S*/g) ?? [],
});

describe('createUnderlay()', () => {
  let host: Awaited<ReturnType<typeof createLabHost>>;
  before(async () => {
    host = await createLabHost(NAME);
    for (const name of [NAME, longName.name]) removeUnderlay(name);
  });
  after(() => {
    for (const name of [NAME, longName.name]) removeUnderlay(name);
    host?.close();
  });

  it('is idempotent, and removeUnderlay() leaves the host as it was', async () => {
    const empty = await hostState();
    createUnderlay({ config, log });
    const made = await hostState();
    assert.deepEqual(FORWARDING.map(readSysctl), ['1', '1', '2']);
    createUnderlay({ config, log });
    assert.deepEqual(await hostState(), made);
    removeUnderlay(NAME);
    removeUnderlay(NAME);
    assert.deepEqual(await hostState(), empty);
  });

  it('two clusters do not harm each other, also where one’s name begins with the other’s', async () => {
    const empty = await hostState();
    createUnderlay({ config: longName, log });
    const one = await hostState();
    createUnderlay({ config, log });
    removeUnderlay(NAME);
    assert.deepEqual(await hostState(), one);
    assert.deepEqual(FORWARDING.map(readSysctl), ['1', '1', '2'], 'the other cluster still needs to forward');
    removeUnderlay(longName.name);
    assert.deepEqual(await hostState(), empty);
  });

  it('the host’s routes to pods and Services are as planned', async () => {
    createUnderlay({ config, log });
    const routes = await runOk('ip', ['route', 'show', 'dev', 'pn-net-underlay']);
    assert.match(routes, /^10\.254\.1\.0\/24 via 172\.30\.10\.12 /m);
    assert.match(routes, /^10\.254\.0\.0\/16 .*scope link/m);
    const hops = await runOk('ip', ['-6', 'route', 'show', config.serviceCidrs[1]]);
    assert.equal([...hops.matchAll(/nexthop via fd00:172:30:10::[bcd] /g)].length, 3);
    removeUnderlay(NAME);
  });

  it('the host’s routes follow ranges of Services that come and go, and leave its own alone', async () => {
    createUnderlay({ config, log });
    await runOk('ip', ['route', 'add', '10.121.0.0/24', 'via', OUTSIDE[0]]);
    const before = await hostState();
    const client = createFakeClient();
    const informer = startInformer({ client, resource: serviceCidrs, clock, log });
    const routes = startServiceRoutes({ config, serviceCidrs: informer, clock, log });
    const cidrs = ['10.120.0.0/24', 'fd00:120::/112'];
    client.put(serviceCidrs, { metadata: { name: 'more' }, spec: { cidrs } });
    client.put(serviceCidrs, { metadata: { name: 'taken' }, spec: { cidrs: ['10.121.0.0/24'] } });
    await eventually('routes of both families through every node', async () => {
      const hops = await Promise.all([
        runOk('ip', ['route', 'show', cidrs[0]!]),
        runOk('ip', ['-6', 'route', 'show', cidrs[1]!]),
      ]);
      return hops.every((text) => text.match(/nexthop via /g)?.length === 3);
    });
    for (const name of ['more', 'taken']) client.remove(serviceCidrs, name);
    await eventually('they are gone', async () => isDeepStrictEqual(await hostState(), before));
    await routes.stop();
    informer.stop();
    await runOk('ip', ['route', 'del', '10.121.0.0/24']);
    removeUnderlay(NAME);
  });

  it('passes the firewalls that are on the host, and leaves them as they were', async () => {
    const firewall = (family: string): string => `table ${family} filter {
      chain FORWARD { type filter hook forward priority filter; policy drop; ct state invalid drop; }
      chain INPUT { type filter hook input priority filter; policy drop; meta l4proto ipv6-icmp accept; }
    }`;
    await runOk('nft', ['-f', '-'], { input: `${firewall('ip')}\n${firewall('ip6')}\n${firewall('inet')}` });
    const before = await runOk('nft', ['list', 'ruleset']);
    createUnderlay({ config, log });
    createUnderlay({ config, log });
    const [node, outside, here] = [
      `podnet-${NAME}-node-1`,
      `podnet-test-${NAME}-outside`,
      `podnet-test-${NAME}-host`,
    ].map((name) => startNetnsAgent(netnsPath(name))) as [NetnsAgent, NetnsAgent, NetnsAgent];
    await Promise.all([outside.serve('outside', 'tcp', 8080), here.serve('host', 'tcp', 8080)]);
    for (const family of [0, 1] as const) {
      const call = (host: string) => node.dial({ host, port: 8080 });
      assert.equal(await call(OUTSIDE[family]), `outside ${HOST_OUTSIDE[family]}`);
      assert.match(await call(config.hostAddresses[family]), /^host /);
      assert.equal(await call(HOST_OUTSIDE[family]), 'error ETIMEDOUT', 'the rest of the host stays closed');
    }
    await Promise.all([node, outside, here].map((agent) => agent.close()));
    removeUnderlay(NAME);
    assert.equal(await runOk('nft', ['list', 'ruleset']), before);
    await runOk('nft', ['flush', 'ruleset']);
  });

  it('removeClusterTraces() ends the processes that are left in the cluster’s namespaces', async () => {
    createUnderlay({ config, log });
    const child = spawn('ip', ['netns', 'exec', `podnet-${NAME}-node-2`, 'sleep', '1000']);
    const ended = once(child, 'exit');
    await eventually(
      'the process is in the namespace',
      async () => (await run('ip', ['netns', 'pids', `podnet-${NAME}-node-2`])).stdout !== '',
    );
    removeClusterTraces(NAME);
    assert.deepEqual(await ended, [null, 'SIGKILL']);
    removeClusterTraces(NAME);
  });
});
