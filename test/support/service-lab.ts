// One node with pods and a machine outside, as network namespaces, for tests of the service proxy:
//
//   outside 172.31.0.1 ──── 172.31.0.11 node ─┬─ pod-1 10.244.0.11
//           fd00:31::1 ──── fd00:31::11       ├─ pod-2 10.244.0.12      (fd00:244::11 and so on)
//                                             └─ ...
import { createNetns, deleteNetns, netnsPath } from '../../src/kernel/netns.ts';
import { writeSysctl } from '../../src/kernel/sysctl.ts';
import { withNetns } from '../../src/kernel/netns.ts';
import { startNetnsAgent } from './netns-agent.ts';
import type { NetnsAgent } from './netns-agent.ts';
import { runOk } from './test-cluster.ts';

export type Lab = {
  readonly outside: NetnsAgent;
  readonly node: NetnsAgent;
  /** pod-1 first; each serves TCP and UDP on 8080 and TCP on 8443 as `pod-N`, and lines on 9090. */
  readonly pods: readonly NetnsAgent[];
  readonly nodeNetns: string;
  /** By number, from 1. */
  readonly podNetns: (n: number) => string;
  /** What a program prints inside the node. */
  readonly onNode: (program: string, ...args: readonly string[]) => Promise<string>;
  /** The same on the machine outside. */
  readonly onOutside: (program: string, ...args: readonly string[]) => Promise<string>;
  /** The same inside pod number `n`, from 1. */
  readonly onPod: (n: number, program: string, ...args: readonly string[]) => Promise<string>;
  readonly close: () => Promise<void>;
};

export const POD_CIDRS = ['10.244.0.0/16', 'fd00:244::/48'];
export const SERVICE_CIDRS = ['10.96.0.0/16', 'fd00:96::/112'];
export const NODE_ADDRESSES = ['172.31.0.11', 'fd00:31::11'];
export const OUTSIDE_ADDRESSES = ['172.31.0.1', 'fd00:31::1'];
/** Addresses of pod number `n`, from 1. */
export const podAddresses = (n: number): readonly [string, string] => [
  `10.244.0.${10 + n}`,
  `fd00:244::${10 + n}`,
];

/**
 * Builds the namespaces; `name` must be unique among tests that run together. With `podCgroup`, the folder of one, pods
 * are processes in it.
 */
export const createLab = async (name: string, podCount: number, podCgroup?: string): Promise<Lab> => {
  const netns = (part: string): string => `podnet-test-${name}-${process.pid}-${part}`;
  const pods = Array.from({ length: podCount }, (_, index) => index + 1);
  const names = ['node', 'outside', ...pods.map((n) => `pod-${n}`)].map(netns);
  for (const each of names) createNetns(each);
  withNetns(netnsPath(netns('node')), () => {
    for (const sysctl of ['net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding']) writeSysctl(sysctl, '1');
    // A pod that reaches itself leaves by the interface it came from. The redirects for that share the ICMP rate limit
    // with port unreachable (linux route.c, ip_rt_send_redirect), which would then be late by a second.
    for (const which of ['all', 'default']) writeSysctl(`net/ipv4/conf/${which}/send_redirects`, '0');
  });
  await wireOutside(netns('outside'), netns('node'));
  for (const n of pods) await wirePod(netns(`pod-${n}`), netns('node'), n);
  const [node, outside] = [netns('node'), netns('outside')].map((each) => startNetnsAgent(netnsPath(each)));
  const podAgents = pods.map((n) => startNetnsAgent(netnsPath(netns(`pod-${n}`)), podCgroup));
  await Promise.all(podAgents.map((agent, index) => serveAll(agent, `pod-${index + 1}`)));
  return {
    outside: outside!,
    node: node!,
    pods: podAgents,
    nodeNetns: netnsPath(netns('node')),
    podNetns: (n) => netnsPath(netns(`pod-${n}`)),
    onNode: (program, ...args) => runOk('ip', ['netns', 'exec', netns('node'), program, ...args]),
    onOutside: (program, ...args) => runOk('ip', ['netns', 'exec', netns('outside'), program, ...args]),
    onPod: (n, program, ...args) => runOk('ip', ['netns', 'exec', netns(`pod-${n}`), program, ...args]),
    close: async () => {
      await Promise.all([node!, outside!, ...podAgents].map((agent) => agent.close()));
      for (const each of names) deleteNetns(each);
    },
  };
};

const serveAll = async (agent: NetnsAgent, name: string): Promise<void> => {
  await agent.serve(name, 'tcp', 8080);
  await agent.serve(name, 'tcp', 8443);
  await agent.serve(name, 'udp', 8080);
  await agent.serveLines(name, 9090);
};

const ip = (netns: string, lines: readonly string[]): Promise<string> =>
  runOk('ip', ['-n', netns, '-batch', '-'], { input: `${lines.join('\n')}\n` });

const wireOutside = async (outside: string, node: string): Promise<void> => {
  await ip(outside, [`link add eth0 type veth peer name eth0 netns ${node}`]);
  await ip(node, [
    'link set lo up',
    'link set eth0 up',
    'address add 172.31.0.11/24 dev eth0',
    'address add fd00:31::11/64 dev eth0 nodad',
  ]);
  await ip(outside, [
    'link set eth0 up',
    'address add 172.31.0.1/24 dev eth0',
    'address add fd00:31::1/64 dev eth0 nodad',
    ...['10.244.0.0/16', '10.96.0.0/16', '198.51.100.0/24'].map(
      (prefix) => `route add ${prefix} via 172.31.0.11`,
    ),
    ...['fd00:244::/48', 'fd00:96::/112', '2001:db8:1::/64'].map(
      (prefix) => `route add ${prefix} via fd00:31::11`,
    ),
  ]);
  await ip(node, ['route add default via 172.31.0.1', 'route add default via fd00:31::1']);
};

const wirePod = async (pod: string, node: string, n: number): Promise<void> => {
  const [v4, v6] = podAddresses(n);
  await ip(pod, [`link add eth0 type veth peer name pod${n} netns ${node}`]);
  await ip(node, [
    `link set pod${n} up`,
    `address add 169.254.1.1/32 dev pod${n} scope link`,
    `address add fe80::1/64 dev pod${n} nodad`,
    `route add ${v4}/32 dev pod${n}`,
    `route add ${v6}/128 dev pod${n}`,
  ]);
  await ip(pod, [
    'link set eth0 up',
    `address add ${v4}/32 dev eth0`,
    `address add ${v6}/128 dev eth0 nodad`,
    'route add 169.254.1.1 dev eth0 scope link',
    'route add default via 169.254.1.1',
    'route add default via fe80::1 dev eth0',
  ]);
};
