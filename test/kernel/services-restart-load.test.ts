// The agent of a node is killed and comes back while requests go on, at every kind of address, from everywhere: no
// packet is lost, connections and flows keep their endpoints, and what is in the kernel stays as it is.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BackEnd } from '../../src/services/ebpf/open-sockets.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { eventually } from '../support/poll.ts';
import { type ProxySetup, startProxyAgent } from '../support/proxy-agent.ts';
import {
  NODE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  createLab,
  podAddresses,
  type Lab,
} from '../support/service-lab.ts';
import { bothFamilies, service } from '../support/service-objects.ts';
import { makeCgroup, noCgroups, removeCgroup } from '../support/test-cgroup.ts';

const RESTARTS = 5;
/** A request without an answer for so long is lost; a shorter wait may be the machine's. */
const LOST_MS = 5000;
const VIPS = ['10.96.0.10', 'fd00:96::10'];
const BALANCER = ['198.51.100.1', '2001:db8:1::1'];

const ports = [
  { name: 'tcp', port: 80, nodePort: 30_080, protocol: 'TCP' },
  { name: 'udp', port: 80, nodePort: 30_080, protocol: 'UDP' },
  { name: 'lines', port: 90, nodePort: 30_090, protocol: 'TCP' },
];
const targets = [
  { name: 'tcp', port: 8080, protocol: 'TCP' },
  { name: 'udp', port: 8080, protocol: 'UDP' },
  { name: 'lines', port: 9090, protocol: 'TCP' },
];

const setupOf = (lab: Lab, backEnd: BackEnd, podCgroup: string): ProxySetup => ({
  netns: lab.nodeNetns,
  nodeName: 'node-1',
  zone: undefined,
  nodeAddresses: NODE_ADDRESSES,
  podCidrs: POD_CIDRS,
  serviceCidrs: SERVICE_CIDRS,
  sockets: { backEnd, podCgroup },
  services: [
    {
      ...service('web', 10, { type: 'LoadBalancer', externalTrafficPolicy: 'Local', ports }),
      status: { loadBalancer: { ingress: BALANCER.map((ip) => ({ ip })) } },
    },
  ],
  slices: bothFamilies('web', [1, 2].map(podAddresses), { ports: targets }),
});

type Way = { readonly from: NetnsAgent; readonly host: string; readonly port: number };

const waysOf = ({ pods, node, outside }: Lab): readonly Way[] =>
  [0, 1].flatMap((index) => [
    { from: pods[2]!, host: VIPS[index]!, port: 80 },
    { from: node, host: VIPS[index]!, port: 80 },
    { from: outside, host: NODE_ADDRESSES[index]!, port: 30_080 },
    { from: outside, host: BALANCER[index]!, port: 80 },
  ]);

/** The elements of the tables that are not a packet's doing. */
const elementsOf = async ({ onNode }: Lab): Promise<readonly string[]> =>
  Promise.all(
    ['ip', 'ip6'].flatMap((family) =>
      ['services', 'outside-services', 'cluster-ips', 'slots', 'endpoints', 'hairpins'].map((name) =>
        onNode('nft', 'list', name === 'hairpins' ? 'set' : 'map', family, 'podnet-services', name),
      ),
    ),
  );

const check = async (lab: Lab, setup: ProxySetup): Promise<void> => {
  let proxy = await startProxyAgent(setup);
  try {
    const ways = waysOf(lab);
    for (const { from, ...to } of ways) assert.match(await from.dial({ ...to, timeoutMs: LOST_MS }), /^pod-/);
    const talk = await lab.pods[2]!.connect({ host: VIPS[0]!, port: 90 });
    const peer = (await talk('hello')).split(' ')[0]!;
    const before = await elementsOf(lab);
    let isLoaded = true;
    const failures: string[] = [];
    const done = ways.flatMap(() => [0, 0]);
    const load = async ({ from, ...to }: Way, which: number, transport: 'tcp' | 'udp'): Promise<void> => {
      while (isLoaded) {
        const answer = await from.dial({ ...to, transport, timeoutMs: LOST_MS });
        if (!/^pod-[12] /.test(answer)) failures.push(`${transport} ${to.host}: ${answer}`);
        done[which]!++;
      }
    };
    const loads = ways.flatMap((way, index) => [
      load(way, 2 * index, 'tcp'),
      load(way, 2 * index + 1, 'udp'),
    ]);
    for (let count = 0; count < RESTARTS; count++) {
      await proxy.close();
      const until = [...done];
      proxy = await startProxyAgent(setup);
      await eventually('all went on', () => done.every((each, which) => each > until[which]! + 3));
      assert.equal(await talk(`still ${count}`), `${peer} still ${count}`);
    }
    isLoaded = false;
    await Promise.all(loads);
    assert.deepEqual(failures, []);
    assert.deepEqual(await elementsOf(lab), before);
  } finally {
    await proxy.close();
  }
};

const skips = { nftables: false, ebpf: noCgroups } as const;

for (const backEnd of ['nftables', 'ebpf'] as const)
  describe(`an agent that is killed under load, by ${backEnd}`, { skip: skips[backEnd] }, () => {
    it('loses nothing and changes nothing', async () => {
      const podCgroup = `/podnet-test-restart-${process.pid}/pods`;
      const folder = backEnd === 'ebpf' ? makeCgroup(podCgroup) : undefined;
      const lab = await createLab(`load-${backEnd}`, 3, folder);
      try {
        await check(lab, setupOf(lab, backEnd, podCgroup));
      } finally {
        await lab.close();
        if (folder) removeCgroup(podCgroup);
      }
    });
  });
