// A whole underlay with pods in namespaces of its own, the machine's network namespace untouched. The calling thread
// moves into `host`, and stays there.
//
//   outside 203.0.113.1 ──── 203.0.113.2 host 172.30.10.1 ──bridge──┬─ node-1 172.30.10.11 ─┬─ a 10.254.0.2
//           2001:db8:113::1      2001:db8:113::2  fd00:172:30:10::1 │                       └─ b 10.254.0.3
//                                                                   ├─ node-2 ─── c 10.254.1.2
//                                                                   └─ node-3
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planCluster } from '../../src/embedded/cluster-config.ts';
import type { ClusterConfig } from '../../src/embedded/cluster-config.ts';
import { createNetns, deleteNetns, enterNetns, netnsPath, withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import type { Nft } from '../../src/kernel/nft.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { installMasquerade } from '../../src/podnetwork/masquerade.ts';
import { createPodNetwork } from '../../src/podnetwork/pod-network.ts';
import type { PodNetwork } from '../../src/podnetwork/pod-network.ts';
import { createUnderlay, removeUnderlay } from '../../src/underlay/underlay.ts';
import { startNetnsAgent } from './netns-agent.ts';
import type { NetnsAgent } from './netns-agent.ts';
import { runOk } from './test-cluster.ts';

export const OUTSIDE = ['203.0.113.1', '2001:db8:113::1'] as const;
export const HOST_OUTSIDE = ['203.0.113.2', '2001:db8:113::2'] as const;
export const OUTSIDE_MTU_BYTES = 1400;

type LabPod = NetnsAgent & { readonly ips: readonly string[]; readonly mtuBytes: number };

export type PodLab = {
  readonly config: ClusterConfig;
  readonly stateFolder: string;
  /** Each serves TCP and UDP on 8080 and answers with its name and the peer's address. */
  readonly pods: Readonly<Record<'a' | 'b' | 'c', LabPod>>;
  readonly node: NetnsAgent;
  readonly host: NetnsAgent;
  readonly outside: NetnsAgent;
  readonly network: (node: string) => PodNetwork;
  readonly nodeNetns: (node: string) => string;
  readonly nft: (node: string) => Nft;
  /** What `ip` prints in a node's namespace, or the host's where `node` is left out. */
  readonly ip: (args: readonly string[], node?: string) => Promise<string>;
  readonly close: () => Promise<void>;
};

/** A host with an outside, and nothing else yet. The calling thread is in the host's namespace afterwards. */
export const createLabHost = async (name: string): Promise<{ readonly close: () => void }> => {
  const [host, outside] = [`podnet-test-${name}-host`, `podnet-test-${name}-outside`];
  for (const each of [host, outside]) {
    deleteNetns(each);
    createNetns(each);
  }
  enterNetns(netnsPath(host));
  const batch = [
    `link add wan mtu ${OUTSIDE_MTU_BYTES} type veth peer name eth0 mtu ${OUTSIDE_MTU_BYTES} netns ${outside}`,
    'link set wan up',
    `address add ${HOST_OUTSIDE[0]}/24 dev wan`,
    `address add ${HOST_OUTSIDE[1]}/64 dev wan nodad`,
  ];
  await runOk('ip', ['-batch', '-'], { input: batch.join('\n') });
  const there = [
    'link set eth0 up',
    `address add ${OUTSIDE[0]}/24 dev eth0`,
    `address add ${OUTSIDE[1]}/64 dev eth0 nodad`,
  ];
  await runOk('ip', ['-n', outside, '-batch', '-'], { input: there.join('\n') });
  const defaults = OUTSIDE.map((via) => `route add default via ${via}`);
  await runOk('ip', ['-batch', '-'], { input: defaults.join('\n') });
  return { close: () => [host, outside].forEach(deleteNetns) };
};

/** With `podCgroup`, the folder of a node's, pods are processes in it. */
export const createPodLab = async (
  name: string,
  podCgroup: (node: string) => string | undefined = () => undefined,
): Promise<PodLab> => {
  const lab = await createLabHost(name);
  const config = planCluster({ name, slot: 10, nodes: 3, zones: [], proxy: 'nftables' });
  const stateFolder = mkdtempSync(join(tmpdir(), 'podnet-test-'));
  removeUnderlay(name);
  createUnderlay({ config, log });
  const nodeNetns = (node: string): string => netnsPath(`podnet-${name}-${node}`);
  const nfts = new Map(
    config.nodes.map((node) => [node.name, withNetns(nodeNetns(node.name), () => openNft())]),
  );
  const nft = (node: string): Nft => nfts.get(node)!;
  const networks = new Map(
    config.nodes.map(({ name: node }) => [
      node,
      withNetns(nodeNetns(node), () => startNode(config, node, stateFolder, nft(node))),
    ]),
  );
  const network = (node: string): PodNetwork => networks.get(node)!;
  const addPod = async (node: string, pod: string): Promise<LabPod> => {
    const path = createNetns(`podnet-${name}-${node}-${pod}`);
    const identity = { namespace: 'default', name: pod, uid: pod, attempt: 0 };
    const attachment = await network(node).attach(`sandbox-${pod}`, identity, path);
    const agent = startNetnsAgent(path, podCgroup(node));
    for (const transport of ['tcp', 'udp'] as const) await agent.serve(pod, transport, 8080);
    return { ...agent, ...attachment };
  };
  const pods = {
    a: await addPod('node-1', 'a'),
    b: await addPod('node-1', 'b'),
    c: await addPod('node-2', 'c'),
  };
  const node = startNetnsAgent(nodeNetns('node-1'));
  const host = startNetnsAgent(netnsPath(`podnet-test-${name}-host`));
  const outside = startNetnsAgent(netnsPath(`podnet-test-${name}-outside`));
  await Promise.all([node.serve('node', 'tcp', 8080), host.serve('host', 'tcp', 8080)]);
  for (const transport of ['tcp', 'udp'] as const) await outside.serve('outside', transport, 8080);
  return {
    config,
    stateFolder,
    pods,
    node,
    host,
    outside,
    network,
    nodeNetns,
    nft,
    ip: (args, on) => runOk('ip', [...(on ? ['-n', `podnet-${name}-${on}`] : []), ...args]),
    close: async () => {
      const agents = [...Object.values(pods), node, host, outside];
      await Promise.all(agents.map((agent) => agent.close()));
      for (const each of [...networks.values(), ...nfts.values()]) each.close();
      removeUnderlay(name);
      rmSync(stateFolder, { recursive: true });
      lab.close();
    },
  };
};

/** To be called in the node's namespace. */
const startNode = (config: ClusterConfig, name: string, stateFolder: string, nft: Nft): PodNetwork => {
  installMasquerade({ nft, podCidrs: config.podCidrs, underlayCidrs: config.underlayCidrs });
  return createPodNetwork({
    clusterName: config.name,
    nodeName: name,
    podCidrs: config.nodes.find((node) => node.name === name)!.podCidrs,
    stateFolder: join(stateFolder, name),
    mtuBytes: 1500,
    serviceAddresses: config.dnsServiceIps,
    nft,
    clock,
    log,
  });
};
