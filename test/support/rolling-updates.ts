// Pods are replaced one by one under load: no request is lost, whatever way it takes and whatever the policies are.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Endpoint, ServiceSpec } from '../../src/k8s/generated/types.ts';
import { withNetns } from '../../src/kernel/netns.ts';
import { writeSysctl } from '../../src/kernel/sysctl.ts';
import type { BackEnd } from '../../src/services/ebpf/open-sockets.ts';
import type { NetnsAgent } from './netns-agent.ts';
import { eventually } from './poll.ts';
import { startProxyAgent } from './proxy-agent.ts';
import type { ProxyAgent } from './proxy-agent.ts';
import { NODE_ADDRESSES, POD_CIDRS, SERVICE_CIDRS, createLab, podAddresses } from './service-lab.ts';
import type { Lab } from './service-lab.ts';
import { bothFamilies, service } from './service-objects.ts';
import { makeCgroup, removeCgroup } from './test-cgroup.ts';

const BALANCER = ['198.51.100.1', '2001:db8:1::1'] as const;
const slicePorts = [
  { name: 'tcp', port: 8080, protocol: 'TCP' },
  { name: 'udp', port: 8080, protocol: 'UDP' },
];

type Way = {
  readonly what: string;
  readonly from: (lab: Lab) => NetnsAgent;
  readonly at: 'cluster IP' | 'node port' | 'load balancer';
};
const WAYS: readonly Way[] = [
  { what: 'a pod', from: (lab) => lab.pods[4]!, at: 'cluster IP' },
  { what: 'the node', from: (lab) => lab.node, at: 'cluster IP' },
  { what: 'outside', from: (lab) => lab.outside, at: 'node port' },
  { what: 'outside', from: (lab) => lab.outside, at: 'load balancer' },
];
const POLICIES = ['Cluster', 'Local'] as const;

/** UDP: each request from a port of its own. One that had another before would be part of that flow, and end with it. */
const FIRST_PORT = 10_000;

/** A request without an answer for so long is lost; a shorter wait may be the machine's. */
const LOST_MS = 5000;

/** Requests of each loop while a pod terminates. */
const MORE = 25;

type Part = readonly [pods: readonly number[], endpoint?: Partial<Endpoint>];
const TERMINATING = { conditions: { ready: false, serving: true, terminating: true } };
/** Each with a pod that must be seen more often then. */
const STEPS: readonly (readonly [seen: string, ...Part[]])[] = [
  ['pod-3', [[1, 2, 3]]],
  ['pod-3', [[2, 3]], [[1], TERMINATING]],
  ['pod-4', [[2, 3, 4]]],
  ['pod-4', [[3, 4]], [[2], TERMINATING]],
  ['pod-3', [[3]], [[4], TERMINATING]],
  // a node that loses its last: it serves until the load balancer knows
  ['pod-3', [[3], TERMINATING]],
  ['pod-5', [[3, 5]]],
];

/** The pods that new requests go to, in order: those that are ready, else those that terminate. */
const usedIn = (parts: readonly Part[]): readonly number[] => {
  const ready = parts.filter(([, endpoint]) => !endpoint);
  return (ready.length > 0 ? ready : parts).flatMap(([pods]) => pods);
};

/** `index` 0 is IPv4, 1 is IPv6. */
export const describeRollingUpdates = (backEnd: BackEnd, index: 0 | 1): void => {
  const podCgroup = `/podnet-test-rolling-${process.pid}/pods-${index}`;
  describe(`a rolling update, IPv${index === 0 ? 4 : 6} by ${backEnd}`, () => {
    let lab: Lab;
    let proxy: ProxyAgent;
    before(async () => {
      lab = await createLab(
        `roll-${backEnd}${index}`,
        5,
        backEnd === 'ebpf' ? makeCgroup(podCgroup) : undefined,
      );
      // Thousands of connections a second to one pod, all from the node's address: the port of one that a pod remembers
      // in TIME_WAIT would soon be another's.
      for (const n of [1, 2, 3, 4, 5])
        withNetns(lab.podNetns(n), () => writeSysctl('net/ipv4/tcp_max_tw_buckets', '0'));
      proxy = await startProxyAgent({
        netns: lab.nodeNetns,
        nodeName: 'node-1',
        zone: undefined,
        nodeAddresses: NODE_ADDRESSES,
        podCidrs: POD_CIDRS,
        serviceCidrs: SERVICE_CIDRS,
        sockets: { backEnd, podCgroup },
        services: [],
        slices: [],
      });
    });
    after(async () => {
      await proxy?.close();
      await lab?.close();
      if (backEnd === 'ebpf') removeCgroup(podCgroup);
    });

    const endpoints = (...parts: readonly Part[]): void => {
      const all = parts.map(([pods, endpoint = {}]) =>
        bothFamilies('web', pods.map(podAddresses), { ports: slicePorts, endpoint }),
      );
      for (const which of [0, 1]) {
        const slices = all.map((pair) => pair[which]!);
        const object = { ...slices[0]!, endpoints: slices.flatMap((each) => each.endpoints ?? []) };
        proxy.order({ put: 'slice', object });
      }
    };
    const put = (internalTrafficPolicy: string, externalTrafficPolicy: string): void => {
      const spec: ServiceSpec = {
        type: 'LoadBalancer',
        internalTrafficPolicy,
        externalTrafficPolicy,
        ports: (['TCP', 'UDP'] as const).map((protocol) => ({
          name: protocol.toLowerCase(),
          port: 80,
          nodePort: 30_080,
          protocol,
        })),
      };
      const status = { loadBalancer: { ingress: BALANCER.map((ip) => ({ ip })) } };
      proxy.order({ put: 'service', object: { ...service('web', 10, spec), status } });
    };
    /** The pods that the kernel sends new requests to. */
    const usedNow = async (): Promise<readonly number[]> => {
      const map = [index === 0 ? 'ip' : 'ip6', 'podnet-services', 'endpoints'];
      const text = await lab.onNode('nft', 'list', 'map', ...map);
      return [1, 2, 3, 4, 5].filter((n) => text.includes(` ${podAddresses(n)[index]} . 8080`));
    };
    const target = (at: Way['at']): { readonly host: string; readonly port: number } => {
      if (at === 'node port') return { host: NODE_ADDRESSES[index]!, port: 30_080 };
      const vip = index === 0 ? '10.96.0.10' : 'fd00:96::10';
      return { host: at === 'cluster IP' ? vip : BALANCER[index], port: 80 };
    };

    for (const transport of ['tcp', 'udp'] as const)
      for (const internal of POLICIES)
        for (const external of POLICIES)
          for (const { what, from, at } of WAYS)
            it(`loses no ${transport} request from ${what} to a ${at}: internal ${internal}, external ${external}`, async () => {
              endpoints([[1, 2]]);
              put(internal, external);
              const to = { ...target(at), transport };
              await eventually('it answers', async () => /^pod-[12]/.test(await from(lab).dial(to)), 8000);
              await lab.onNode('conntrack', '-F');
              let localPort = FIRST_PORT;
              const dial = (): Promise<string> =>
                from(lab).dial({
                  ...to,
                  timeoutMs: LOST_MS,
                  ...(transport === 'udp' ? { localPort: localPort++ } : {}),
                });
              const answers = new Map<string, number>();
              let isRolling = true;
              const done = [0, 0, 0, 0];
              const load = async (_: number, which: number): Promise<void> => {
                while (isRolling) {
                  const answer = (await dial()).replace(/(pod-\d) .*/, '$1');
                  answers.set(answer, (answers.get(answer) ?? 0) + 1);
                  done[which]!++;
                }
              };
              const loads = done.map(load);
              for (const [seen, ...step] of STEPS) {
                const before = answers.get(seen) ?? 0;
                endpoints(...step);
                await eventually('the kernel has it', async () => `${await usedNow()}` === `${usedIn(step)}`);
                await eventually(`more of ${seen}`, () => (answers.get(seen) ?? 0) > before + 10);
                // A pod that ends is not gone before it has answered what it was asked, also by those that asked before
                // the maps of the sockets followed those of the tables.
                const until = done.map((count) => count + MORE);
                await eventually('all are done', () => done.every((count, which) => count > until[which]!));
              }
              isRolling = false;
              await Promise.all(loads);
              assert.deepEqual([...answers.keys()].sort(), ['pod-1', 'pod-2', 'pod-3', 'pod-4', 'pod-5']);
              proxy.order({ remove: 'service', key: 'ns/web' });
            });
  });
};
