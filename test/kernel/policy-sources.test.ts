// A pod sends with its own addresses only: to pods of its node and of others, to nodes and to the outside.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { netnsPath } from '../../src/kernel/netns.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { PolicyTable } from '../../src/policy/kernel/policy-table.ts';
import { OUTSIDE, createPodLab } from '../support/pod-lab.ts';
import type { PodLab } from '../support/pod-lab.ts';
import { countPackets } from '../support/packet-counter.ts';
import { runOk } from '../support/test-cluster.ts';

describe('what a pod sends', () => {
  let lab: PodLab;
  before(async () => {
    lab = await createPodLab('spoof');
  });
  after(() => lab?.close());

  for (const [index, ip] of (['ip', 'ip6'] as const).entries()) {
    /** Nobody's, another pod's of the node, one's of another node, the node's, and one from outside of the cluster. */
    const foreign = (): readonly string[] => [
      index === 0 ? '10.254.0.77' : 'fd00:10:254::77',
      lab.pods.b.ips[index]!,
      lab.pods.c.ips[index]!,
      lab.config.nodes[0]!.addresses[index]!,
      OUTSIDE[index]!,
    ];
    const inPod = (verb: 'add' | 'del', addresses: readonly string[]): Promise<string> =>
      runOk('ip', ['-n', 'podnet-spoof-node-1-a', '-batch', '-'], {
        input: addresses
          .map((each) => `address ${verb} ${each}/${index === 0 ? 32 : 128} dev eth0`)
          .join('\n'),
      });
    /** How many of the sources arrive in this namespace. */
    const arrivals = async (netns: string, to: string): Promise<number> => {
      const sources = foreign().filter((from) => from !== to);
      const counter = countPackets(netns, `${ip} daddr ${to} udp dport 9`);
      await inPod('add', sources);
      const packet = { host: to, port: 9, transport: 'udp', timeoutMs: 50 } as const;
      await Promise.all(sources.map((from) => lab.pods.a.dial({ ...packet, localAddress: from })));
      await inPod('del', sources);
      const count = counter.read();
      counter.close();
      return count;
    };
    const places = (): readonly (readonly [netns: string, to: string])[] => [
      [netnsPath('podnet-spoof-node-1-b'), lab.pods.b.ips[index]!],
      [netnsPath('podnet-spoof-node-2-c'), lab.pods.c.ips[index]!],
      [lab.nodeNetns('node-2'), lab.config.nodes[1]!.addresses[index]!],
    ];

    it(`IPv${index === 0 ? 4 : 6}: arrives with other addresses too where no table is, and not where it is`, async () => {
      lab.nft('node-1').run('add table inet podnet-policies; delete table inet podnet-policies');
      for (const [netns, to] of places()) assert.ok((await arrivals(netns, to)) > 0, to);
      PolicyTable.open({ nft: lab.nft('node-1'), dnsAddresses: [], clock, log }, new Map());
      for (const [netns, to] of places()) assert.equal(await arrivals(netns, to), 0, to);
    });

    it(`IPv${index === 0 ? 4 : 6}: its own arrives`, async () => {
      const { a, b, c } = lab.pods;
      for (const to of [
        b.ips[index]!,
        c.ips[index]!,
        lab.config.nodes[0]!.addresses[index]!,
        OUTSIDE[index]!,
      ])
        assert.doesNotMatch(await a.dial({ host: to, port: 8080 }), /^error/, to);
      assert.doesNotMatch(await c.dial({ host: a.ips[index]!, port: 8080, transport: 'udp' }), /^error/);
    });
  }
});
