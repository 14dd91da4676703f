// The flows of a node from a real kernel: the policy table logs, at most so many a second, and counts the rest.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { withNetns } from '../../src/kernel/netns.ts';
import { type Nft, openNft } from '../../src/kernel/nft.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import { PENDING } from '../../src/policy/compile/elements.ts';
import type { Flow, FlowLine } from '../../src/policy/flows/flow.ts';
import { type NodeFlows, startNodeFlows } from '../../src/policy/flows/node-flows.ts';
import { TABLE, tableCommands } from '../../src/policy/kernel/layout.ts';
import { createEvaluator } from '../../src/policy/model/evaluate.ts';
import { worldOf } from '../support/policy-world.ts';
import { eventually } from '../support/poll.ts';
import { type Lab, createLab, podAddresses } from '../support/service-lab.ts';

const [OWN, PEER] = [podAddresses(1), podAddresses(2)];
const world = worldOf({
  namespaces: { shop: '' },
  pods: { 'shop/client': `@node-1 ${OWN.join(' ')}`, 'shop/web': `@node-1 ${PEER.join(' ')}` },
});

describe('startNodeFlows()', () => {
  let lab: Lab;
  let nft: Nft;
  let flows: NodeFlows;
  before(async () => {
    lab = await createLab('policy-flows', 2);
    nft = withNetns(lab.nodeNetns, openNft);
    nft.run(tableCommands({ dnsAddresses: [] }).join('\n'));
    flows = withNetns(lab.nodeNetns, () =>
      startNodeFlows({
        nodeName: 'node-1',
        world: { now: () => world, evaluator: () => createEvaluator(world) },
        pods: { get: () => undefined },
        recorder: { record: () => {} },
        nft,
        clock: systemClock,
        log: silentLog,
      }),
    );
  });
  after(async () => {
    flows?.stop();
    nft?.close();
    await lab?.close();
  });

  const read = async (query: string): Promise<readonly FlowLine[]> => {
    const text = await Array.fromAsync(
      flows.page(new URLSearchParams(query), new AbortController().signal) ?? [],
    );
    return text
      .join('')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as FlowLine);
  };
  const isFlow = (line: FlowLine): line is Flow => line.kind === 'Flow';

  it('tells allowed connections of both families, by TCP and UDP', async () => {
    for (const host of PEER)
      for (const transport of ['tcp', 'udp'] as const)
        assert.match(await lab.pods[0]!.dial({ host, port: 8080, transport }), /^pod-2/);
    await eventually('the four flows', async () => {
      const seen = (await read('verdict=allowed')).filter(isFlow);
      assert.deepEqual(
        seen
          .map(
            ({ source, destination, protocol, port }) =>
              `${source.pod} > ${destination.address} ${protocol} ${port}`,
          )
          .toSorted(),
        PEER.flatMap((ip) => ['TCP', 'UDP'].map((protocol) => `client > ${ip} ${protocol} 8080`)).toSorted(),
      );
      return true;
    });
  });

  it('tells denied ones, and how many there were that nobody looked at', async () => {
    nft.run(`add element ${TABLE} ingress4 { ${PEER[0]} : ${PENDING} }`);
    const sent = 5000; // in less than the 24 s in which so many may be logged
    const flood = `for ((port = 1; port <= ${sent}; port++)); do echo >/dev/udp/${PEER[0]}/$port; done`;
    await lab.onPod(1, 'bash', '-c', flood);
    await eventually('all of them, seen or counted', async () => {
      const lines = await read('verdict=denied');
      const seen = lines.filter(isFlow);
      const lost = lines.find((line) => line.kind === 'Loss')?.packets ?? 0;
      assert.equal(seen.length + lost, sent);
      assert.ok(seen.length >= 200 && lost > 0, `${seen.length} seen, ${lost} lost`);
      assert.deepEqual(seen[0]?.ingress, { because: 'pending', policies: [] });
      return true;
    });
  });

  it('does not know other queries', () => {
    const { signal } = new AbortController();
    for (const query of ['verdict=maybe', 'since=5m'])
      assert.equal(flows.page(new URLSearchParams(query), signal), undefined);
  });
});
