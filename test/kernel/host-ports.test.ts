// Ports of a node that lead to its pods: real packets from everywhere, TCP and UDP, both families.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { netnsPath, withNetns } from '../../src/kernel/netns.ts';
import { writeSysctl } from '../../src/kernel/sysctl.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { createPodNetwork } from '../../src/podnetwork/pod-network.ts';
import type { PodNetwork } from '../../src/podnetwork/pod-network.ts';
import type { PortMapping } from '../../src/runtime/runtime.ts';
import { startNetnsAgent } from '../support/netns-agent.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { createPodLab } from '../support/pod-lab.ts';
import type { PodLab } from '../support/pod-lab.ts';
import { eventually } from '../support/poll.ts';
import { runOk } from '../support/test-cluster.ts';

let lab: PodLab;
let otherNode: NetnsAgent;
before(async () => {
  lab = await createPodLab('host-ports');
  otherNode = startNetnsAgent(lab.nodeNetns('node-2'));
});
after(async () => {
  await otherNode?.close();
  await lab?.close();
});
afterEach(() => ['a', 'b'].forEach((pod) => publish(pod, [])));

const both = [0, 1] as const;
const publish = (pod: string, mappings: readonly PortMapping[], network = lab.network('node-1')): void =>
  withNetns(lab.nodeNetns('node-1'), () => network.publish(`sandbox-${pod}`, mappings));
const mapping = (changes: Partial<PortMapping> = {}): PortMapping => ({
  protocol: 'TCP',
  containerPort: 8080,
  hostPort: 9000,
  hostIp: '',
  ...changes,
});
const call = (
  from: NetnsAgent,
  host: string,
  port: number,
  transport: 'tcp' | 'udp' = 'tcp',
): Promise<string> => from.dial({ host, port, transport });
const nodeIp = (family: 0 | 1): string => lab.config.nodes[0]!.addresses[family];

describe('host ports', () => {
  it('lead to the pod from pods here and elsewhere, nodes and the host, with the source kept', async () => {
    publish('a', [mapping(), mapping({ protocol: 'UDP' })]);
    const { b, c } = lab.pods;
    for (const family of both)
      for (const transport of ['tcp', 'udp'] as const)
        for (const [from, source] of [
          [b, b.ips[family]],
          [c, c.ips[family]],
          [otherNode, lab.config.nodes[1]!.addresses[family]],
          [lab.host, lab.config.hostAddresses[family]],
          [lab.node, nodeIp(family)],
        ] as const)
          assert.equal(await call(from, nodeIp(family), 9000, transport), `a ${source}`);
  });

  it('a pod reaches itself by its host port, and the node by 127.0.0.1: both as the node', async () => {
    publish('a', [mapping(), mapping({ protocol: 'UDP' })]);
    for (const transport of ['tcp', 'udp'] as const) {
      for (const family of both)
        assert.equal(await call(lab.pods.a, nodeIp(family), 9000, transport), `a ${nodeIp(family)}`);
      assert.equal(await call(lab.node, '127.0.0.1', 9000, transport), `a ${nodeIp(0)}`);
    }
  });

  it('the same port leads to other pods for another protocol or address', async () => {
    await lab.ip(['address', 'add', '172.30.10.99/24', 'dev', 'eth0'], 'node-1');
    publish('a', [mapping({ hostIp: nodeIp(0) })]);
    publish('b', [mapping({ hostIp: '172.30.10.99' }), mapping({ protocol: 'UDP', hostIp: nodeIp(0) })]);
    assert.match(await call(lab.host, nodeIp(0), 9000), /^a /);
    assert.match(await call(lab.host, '172.30.10.99', 9000), /^b /);
    assert.match(await call(lab.host, nodeIp(0), 9000, 'udp'), /^b /);
    assert.equal(await call(lab.host, '172.30.10.99', 9000, 'udp'), 'error ECONNREFUSED');
    assert.equal(await call(lab.host, nodeIp(1), 9000), 'error ECONNREFUSED');
    await lab.ip(['address', 'del', '172.30.10.99/24', 'dev', 'eth0'], 'node-1');
  });

  it('an address that is not the node’s, or a Service’s, keeps its own ports', async () => {
    const vip = lab.config.dnsServiceIps[0];
    await lab.ip(['address', 'add', `${vip}/32`, 'dev', 'lo'], 'node-1');
    publish('a', [mapping({ hostPort: 8080 })]);
    assert.match(await call(lab.pods.b, nodeIp(0), 8080), /^a /);
    assert.match(await call(lab.pods.b, vip, 8080), /^node /);
    assert.match(await call(lab.pods.b, lab.config.hostAddresses[0], 8080), /^host /);
    await lab.ip(['address', 'del', `${vip}/32`, 'dev', 'lo'], 'node-1');
  });

  it('do not open the node’s localhost to its pods', async () => {
    publish('a', [mapping()]);
    const inPod = (...args: readonly string[]): Promise<string> => lab.ip(args, 'node-1-a');
    withNetns(netnsPath(`podnet-${lab.config.name}-node-1-a`), () =>
      writeSysctl('net/ipv4/conf/all/route_localnet', '1'),
    );
    await inPod('address', 'del', '127.0.0.1/8', 'dev', 'lo');
    await inPod(
      'route',
      'add',
      '127.0.0.1',
      'via',
      '169.254.1.1',
      'onlink',
      'dev',
      'eth0',
      'src',
      lab.pods.a.ips[0]!,
    );
    assert.equal(await call(lab.pods.a, '127.0.0.1', 8080), 'error ETIMEDOUT');
    lab.nft('node-1').run('flush chain ip podnet-host-ports martians'); // the way is there but for this
    assert.match(await call(lab.pods.a, '127.0.0.1', 8080), /^node /);
    await inPod('route', 'del', '127.0.0.1');
    await inPod('address', 'add', '127.0.0.1/8', 'dev', 'lo');
  });

  it('a UDP client that goes on sending reaches the pod when it comes, and the next one after it', async () => {
    const from = { host: nodeIp(0), port: 9000, transport: 'udp', localPort: 40_000 } as const;
    assert.equal(await lab.host.dial(from), 'error ECONNREFUSED');
    publish('a', [mapping({ protocol: 'UDP' })]);
    assert.match(await lab.host.dial(from), /^a /);
    publish('b', [mapping({ protocol: 'UDP' })]);
    assert.match(await lab.host.dial(from), /^b /);
  });

  it('an agent that starts anew takes them up, and takes away those of pods that are gone', async () => {
    publish('a', [mapping()]);
    publish('b', [mapping({ hostPort: 9001 })]);
    const before = elements();
    let network = restart();
    assert.equal(elements(), before);
    publish('a', [], network);
    assert.equal(await call(lab.host, nodeIp(0), 9000), 'error ECONNREFUSED');
    network.close();
    lab.nft('node-1').run('add element ip podnet-host-ports ports { tcp . 9002 : 10.254.0.250 . 80 }');
    network = restart();
    assert.doesNotMatch(elements(), /10\.254\.0\.250/);
    assert.match(await call(lab.host, nodeIp(0), 9001), /^b /);
    network.close();
  });

  it('are made again when somebody flushed the tables', async () => {
    publish('a', [mapping()]);
    lab.nft('node-1').run('delete table ip podnet-host-ports\ndelete table ip6 podnet-host-ports');
    publish('b', [mapping({ hostPort: 9001 })]);
    assert.match(await call(lab.host, nodeIp(0), 9000), /^a /);
    assert.match(await call(lab.host, nodeIp(1), 9001), /^b /);
    const flush = 'flush map ip podnet-host-ports ports';
    await runOk('ip', ['netns', 'exec', `podnet-${lab.config.name}-node-1`, 'nft', flush]);
    assert.equal(await call(lab.host, nodeIp(0), 9000), 'error ECONNREFUSED');
    await eventually('the ports', async () => (await call(lab.host, nodeIp(0), 9000)).startsWith('a '));
  });
});

/** As a new process would, after the old one was killed. */
const restart = (): PodNetwork =>
  withNetns(lab.nodeNetns('node-1'), () =>
    createPodNetwork({
      clusterName: lab.config.name,
      nodeName: 'node-1',
      podCidrs: lab.config.nodes[0]!.podCidrs,
      stateFolder: join(lab.stateFolder, 'node-1'),
      mtuBytes: 1500,
      serviceAddresses: lab.config.dnsServiceIps,
      nft: lab.nft('node-1'),
      clock,
      log,
    }),
  );

const elements = (): string =>
  JSON.stringify(
    ['ip', 'ip6'].flatMap((family) =>
      ['ports', 'addressed'].map((map) =>
        lab.nft('node-1').query(`list map ${family} podnet-host-ports ${map}`),
      ),
    ),
  );
