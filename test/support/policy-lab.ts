// An underlay of three nodes with pods (pod-lab.ts) whose policies are enforced by real agents, one for each node. The
// pods are in namespaces: a and c in `x`, b in `y`; each is labelled with `app` and its name.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { ClusterNetworkPolicySpec } from '../../src/k8s/cluster-network-policy.ts';
import type { NetworkPolicySpec, Node, Pod } from '../../src/k8s/generated/types.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import { keyOf } from '../../src/k8s/objects.ts';
import type { NetnsAgent } from './netns-agent.ts';
import { OUTSIDE, createPodLab } from './pod-lab.ts';
import type { PodLab } from './pod-lab.ts';
import { startPolicyAgentThread } from './policy-agent-thread.ts';
import type { PolicyAgentThread, PolicyOrder } from './policy-agent-thread.ts';
import { eventually } from './poll.ts';

export const PORTS = [8080, 8081, 8090] as const;
const NODES = ['node-1', 'node-2'] as const;
const PLACES = {
  a: { namespace: 'x', node: 'node-1' },
  b: { namespace: 'y', node: 'node-1' },
  c: { namespace: 'x', node: 'node-2' },
} as const;

export type PodName = keyof typeof PLACES;
export type From = PodName | 'host' | 'node' | 'outside';
/** `node-2`: from a pod of node-1 it is another node. */
type To = From | 'node-2';

/** Where the cluster DNS of the lab asks for names of others. */
export const UPSTREAM = { address: OUTSIDE[0], port: 5354 };
/** `a > b:8080`, and by what of `tcp4 tcp6 udp4 udp6` it is to be reached. */
export type Expectations = Readonly<Record<string, string>>;

export const [ALL, NONE, TCP, UDP, V4, V6] = [
  'tcp4 tcp6 udp4 udp6',
  '',
  'tcp4 tcp6',
  'udp4 udp6',
  'tcp4 udp4',
  'tcp6 udp6',
];

export type PodChange = {
  readonly labels?: Readonly<Record<string, string>>;
  readonly ports?: readonly {
    readonly name: string;
    readonly containerPort: number;
    readonly protocol?: string;
  }[];
  readonly phase?: string;
  readonly hostNetwork?: boolean;
};

export type PolicyLab = PodLab & {
  readonly order: (order: PolicyOrder) => void;
  readonly putPod: (name: PodName, change?: PodChange) => void;
  readonly putNamespace: (name: string, labels?: Readonly<Record<string, string>>) => void;
  readonly putPolicy: (namespace: string, name: string, spec: NetworkPolicySpec) => void;
  /** The definition of ClusterNetworkPolicies: it is there from the start. */
  readonly putDefinition: () => void;
  readonly removeDefinition: () => void;
  readonly putClusterPolicy: (name: string, spec: ClusterNetworkPolicySpec) => void;
  /** No policies, and everything else as at the start; the kernel hears of it later. */
  readonly reset: () => void;
  /** Waits until the kernel does as expected, all at once. */
  readonly expect: (expectations: Expectations) => Promise<void>;
  /** The same for addresses that are no pod's. */
  readonly expectAt: (
    expectations: readonly (readonly [from: From, to: readonly string[], port: number, ways: string])[],
  ) => Promise<void>;
  /** By what of `tcp4 tcp6 udp4 udp6` it is reached. */
  readonly reach: (from: From, to: readonly string[], port: number) => Promise<string>;
  readonly ips: (name: To) => readonly string[];
  /** Where the node's agent keeps what DNS told of names. */
  readonly namesFile: (node: string) => string;
  /** As kill -9 of the node's agent. */
  readonly killAgent: (node: string) => Promise<void>;
  readonly startAgent: (node: string) => Promise<void>;
};

export const createPolicyLab = async (
  name: string,
  liveConnections: 'cut' | 'keep' = 'cut',
  podCgroup?: (node: string) => string | undefined,
): Promise<PolicyLab> => {
  const lab = await createPodLab(name, podCgroup);
  const objects = new Map<string, Extract<PolicyOrder, { put: unknown }>>();
  const agents = new Map<string, PolicyAgentThread>();
  const send = (order: PolicyOrder): void => agents.forEach((agent) => agent.order(order));
  const order = (each: PolicyOrder): void => {
    if ('put' in each) objects.set(`${each.put} ${keyOf(each.object)}`, each);
    else objects.delete(`${each.remove} ${each.key}`);
    send(each);
  };
  const namesFile = (node: string): string => join(lab.stateFolder, `${node}-names.json`);
  const startAgent = async (node: string): Promise<void> => {
    const sandboxes = Object.entries(PLACES)
      .filter(([, place]) => place.node === node)
      .map(([pod, { namespace }]) => ({
        pod: { namespace, name: pod, uid: pod },
        addresses: lab.pods[pod as PodName].ips,
      }));
    const { dnsServiceIps } = lab.config;
    const setup = {
      netns: lab.nodeNetns(node),
      dnsAddresses: dnsServiceIps,
      liveConnections,
      namesFile: namesFile(node),
      upstream: UPSTREAM,
      sandboxes,
      objects: [...objects.values()],
    };
    agents.set(node, await startPolicyAgentThread(setup));
  };
  const killAgent = async (node: string): Promise<void> => {
    await agents.get(node)?.close();
    agents.delete(node);
  };
  const putPod = (pod: PodName, change: PodChange = {}): void =>
    order({ put: 'pods', object: podOf(pod, lab.pods[pod].ips, change) });
  const putNamespace = (namespace: string, labels: Readonly<Record<string, string>> = {}): void =>
    order({
      put: 'namespaces',
      object: {
        metadata: { name: namespace, labels: { 'kubernetes.io/metadata.name': namespace, ...labels } },
      },
    });
  const reset = (): void => {
    for (const { put, object } of objects.values())
      if (put === 'networkPolicies' || put === 'clusterNetworkPolicies')
        order({ remove: put, key: keyOf(object) });
    for (const namespace of ['x', 'y']) putNamespace(namespace);
    for (const pod of Object.keys(PLACES)) putPod(pod as PodName);
  };
  const agentOf = (from: From): NetnsAgent =>
    from in lab.pods ? lab.pods[from as PodName] : lab[from as 'host'];
  const reach = async (from: From, to: readonly string[], port: number): Promise<string> => {
    const ways = (['tcp', 'udp'] as const).flatMap((transport) =>
      to.map((host) => ({ name: `${transport}${host.includes(':') ? 6 : 4}`, host, port, transport })),
    );
    const answers = await Promise.all(ways.map((way) => agentOf(from).dial({ ...way, timeoutMs: 200 })));
    return ways
      .flatMap(({ name: way }, index) => (answers[index]!.startsWith('error') ? [] : [way]))
      .join(' ');
  };
  const ips = (of: To): readonly string[] => {
    switch (of) {
      case 'outside':
        return OUTSIDE;
      case 'host':
        return lab.config.hostAddresses;
      case 'node':
        return lab.config.nodes[0]!.addresses;
      case 'node-2':
        return lab.config.nodes[1]!.addresses;
      case 'a':
      case 'b':
      case 'c':
        return lab.pods[of].ips;
    }
  };
  const expectAt: PolicyLab['expectAt'] = async (expectations) => {
    await eventually(
      'the kernel does as expected',
      async () => {
        const found = expectations.map(async ([from, to, port]) => reach(from, to, port));
        assert.deepEqual(
          await Promise.all(found),
          expectations.map(([, , , ways]) => ways),
        );
        return true;
      },
      5000,
    );
  };
  const expect = (expectations: Expectations): Promise<void> =>
    expectAt(
      Object.entries(expectations).map(([text, ways]) => {
        const [, from, to, port] = /^(\w+) > ([\w-]+):(\d+)$/.exec(text)!;
        return [from as From, ips(to as To), Number(port), ways];
      }),
    );

  for (const pod of Object.values(lab.pods))
    for (const port of PORTS.filter((each) => each !== 8080))
      for (const transport of ['tcp', 'udp'] as const) await pod.serve('pod', transport, port);
  const putDefinition = (): void => order({ put: 'customResourceDefinitions', object: DEFINITION });
  putDefinition();
  for (const { name: node, addresses } of lab.config.nodes)
    order({ put: 'nodes', object: nodeOf(node, addresses) });
  reset();
  await Promise.all(NODES.map(startAgent));
  return {
    ...lab,
    order,
    putPod,
    putNamespace,
    putPolicy: (namespace, policy, spec) =>
      order({
        put: 'networkPolicies',
        object: { metadata: { namespace, name: policy }, spec } as KubeObject,
      }),
    putDefinition,
    removeDefinition: () => order({ remove: 'customResourceDefinitions', key: keyOf(DEFINITION) }),
    putClusterPolicy: (policy, spec) =>
      order({ put: 'clusterNetworkPolicies', object: { metadata: { name: policy }, spec } as KubeObject }),
    reset,
    expect,
    expectAt,
    reach,
    ips,
    namesFile,
    killAgent,
    startAgent,
    close: async () => {
      await Promise.all(NODES.map(killAgent));
      await lab.close();
    },
  };
};

const DEFINITION = {
  metadata: { name: 'clusternetworkpolicies.policy.networking.k8s.io' },
  spec: { versions: [{ name: 'v1beta1', served: true, storage: true }] },
  status: { conditions: [{ type: 'Established', status: 'True' }] },
} as KubeObject;

const podOf = (
  name: PodName,
  ips: readonly string[],
  { labels, ports = [], phase, hostNetwork }: PodChange,
): Pod => ({
  metadata: { namespace: PLACES[name].namespace, name, uid: name, labels: labels ?? { app: name } },
  spec: {
    nodeName: PLACES[name].node,
    ...(hostNetwork && { hostNetwork }),
    containers: [{ name: 'main', ports }],
  },
  status: { phase: phase ?? 'Running', podIPs: ips.map((ip) => ({ ip })) },
});

const nodeOf = (name: string, addresses: readonly string[]): Node => ({
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
});
