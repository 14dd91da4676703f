// Packets that nftables logs, from a real kernel: pods send, the node between them logs and drops.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { formatAddress } from '../../src/ip/address.ts';
import { withNetns } from '../../src/kernel/netns.ts';
import { type PacketLog, openPacketLog } from '../../src/kernel/packet-log.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import { startNodeFlows } from '../../src/policy/flows/node-flows.ts';
import { createEvaluator } from '../../src/policy/model/evaluate.ts';
import type { LoggedPacket } from '../../src/wire/nflog.ts';
import { eventually } from '../support/poll.ts';
import { worldOf } from '../support/policy-world.ts';
import { type Lab, createLab, podAddresses } from '../support/service-lab.ts';

const GROUP = 112;

describe('openPacketLog()', () => {
  let lab: Lab;
  let log: PacketLog;
  before(async () => {
    lab = await createLab('packet-log', 2);
    await lab.onNode('nft', 'add table inet t');
    await lab.onNode('nft', 'add chain inet t f { type filter hook forward priority 0; policy accept; }');
    for (const rule of [
      `ip daddr ${podAddresses(2)[0]} th dport 8080 meta mark set 0x70000001 log prefix "four" group ${GROUP} drop`,
      `ip6 daddr ${podAddresses(2)[1]} th dport 8443 log prefix "six" group ${GROUP} drop`,
    ])
      await lab.onNode('nft', `add rule inet t f ${rule}`);
    log = withNetns(lab.nodeNetns, () => openPacketLog(GROUP));
  });
  after(async () => {
    log.close();
    await lab.close();
  });

  const text = ({ protocol, source, destination, destinationPort, mark, prefix }: LoggedPacket): string =>
    `${prefix} ${protocol} ${formatAddress(source)} > ${formatAddress(destination)} ${destinationPort} mark ${mark}`;

  it('gives what was dropped: who sent it to whom, the mark and the prefix', async () => {
    const [pod] = lab.pods;
    const [own, peer] = [podAddresses(1), podAddresses(2)];
    const dials = [
      { host: peer[0], port: 8080, transport: 'tcp' },
      { host: peer[0], port: 8080, transport: 'udp' },
      { host: peer[1], port: 8443, transport: 'tcp' },
    ] as const;
    await Promise.all(dials.map((to) => pod!.dial({ ...to, timeoutMs: 1 })));
    const seen = new Set<string>();
    await eventually('the three packets', () => {
      const { packets, lost } = log.take();
      assert.equal(lost, 0);
      for (const packet of packets) {
        assert.ok(packet.inputInterface > 0 && packet.outputInterface > 0 && packet.sourcePort > 0);
        seen.add(text(packet));
      }
      assert.deepEqual(
        [...seen].toSorted(),
        [
          `four 6 ${own[0]} > ${peer[0]} 8080 mark ${0x7000_0001}`,
          `four 17 ${own[0]} > ${peer[0]} 8080 mark ${0x7000_0001}`,
          `six 6 ${own[1]} > ${peer[1]} 8443 mark 0`,
        ].toSorted(),
      );
      return true;
    });
  });

  it('counts what was lost, since nobody took it in time', async () => {
    const sent = 40_000; // more than fit into the buffer
    await lab.onPod(
      1,
      'bash',
      '-c',
      `exec 3>/dev/udp/${podAddresses(2)[0]}/8080; for ((i = 0; i < ${sent}; i++)); do echo >&3; done`,
    );
    let [taken, lost] = [0, 0];
    await eventually('all packets, read or lost', async () => {
      // what is missing shows by the number of the packet that comes next
      await lab.pods[0]!.dial({ host: podAddresses(2)[0], port: 8080, transport: 'udp', timeoutMs: 1 });
      const batch = log.take();
      taken += batch.packets.length;
      lost += batch.lost;
      return taken + lost > sent;
    });
    assert.ok(taken > 0 && lost > 0, `${taken} taken, ${lost} lost`);
  });

  it('says that somebody else has the group', () => {
    assert.throws(() => withNetns(lab.nodeNetns, () => openPacketLog(GROUP)), /EPERM/);
  });

  it('a node whose log group somebody else has goes on without flows', async () => {
    const world = worldOf({ namespaces: {}, pods: {} });
    const flows = withNetns(lab.nodeNetns, () =>
      startNodeFlows({
        nodeName: 'node-1',
        world: { now: () => world, evaluator: () => createEvaluator(world) },
        pods: { get: () => undefined },
        recorder: { record: () => {} },
        nft: { packets: () => 0 },
        clock: systemClock,
        log: silentLog,
      }),
    );
    const page = flows.page(new URLSearchParams(), new AbortController().signal);
    assert.equal((await Array.fromAsync(page ?? [])).join(''), '');
    flows.stop();
  });
});
