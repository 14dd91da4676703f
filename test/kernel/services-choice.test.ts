// Which endpoints real packets reach: hints, policies, affinity, ports by slice, Services side by side, other proxies'.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Endpoint, EndpointSlice, ServiceSpec } from '../../src/k8s/generated/types.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { eventually } from '../support/poll.ts';
import { type ProxyAgent, startProxyAgent } from '../support/proxy-agent.ts';
import {
  type Lab,
  NODE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  createLab,
  podAddresses,
} from '../support/service-lab.ts';
import { bothFamilies, service } from '../support/service-objects.ts';
import { makeCgroup, noCgroups, removeCgroup } from '../support/test-cgroup.ts';

/** A pod of another node that answers nothing. */
const AWAY = 9;
/** Enough to meet each of three, all but once in 10,000 times. */
const CALLS = 32;
const NODE_PORT = 30_080;

const protocols = ['TCP', 'UDP'] as const;
const ports = protocols.map((protocol) => ({ name: protocol.toLowerCase(), port: 80, protocol }));
const targets = protocols.map((protocol) => ({ name: protocol.toLowerCase(), port: 8080, protocol }));

const hint = (forNode: string | undefined, forZone?: string): Partial<Endpoint> => ({
  hints: {
    ...(forNode ? { forNodes: [{ name: forNode }] } : {}),
    ...(forZone ? { forZones: [{ name: forZone }] } : {}),
  },
});
const unready = { conditions: { ready: false, serving: false, terminating: false } };

type Part = readonly [pod: number, endpoint?: Partial<Endpoint>, ports?: EndpointSlice['ports']];

const skips = { nftables: false, ebpf: noCgroups } as const;

for (const backEnd of ['nftables', 'ebpf'] as const)
  describe(`the endpoints that packets reach, by ${backEnd}`, { skip: skips[backEnd] }, () => {
    const podCgroup = `/podnet-test-choice-${process.pid}/pods`;
    let lab: Lab;
    let proxy: ProxyAgent;
    before(async () => {
      lab = await createLab(`choice-${backEnd}`, 3, backEnd === 'ebpf' ? makeCgroup(podCgroup) : undefined);
      proxy = await startProxyAgent({
        netns: lab.nodeNetns,
        nodeName: 'node-1',
        zone: 'a',
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

    const put = (name: string, n: number, spec: ServiceSpec = {}, labels = {}): void =>
      proxy.order({ put: 'service', object: service(name, n, { ports, ...spec }, labels) });
    /** Each in slices of its own, as a user may write them. */
    const endpoints = (name: string, ...parts: readonly Part[]): void => {
      for (const [index, [pod, endpoint = {}, own = targets]] of parts.entries())
        for (const each of bothFamilies(name, [podAddresses(pod)], { ports: own, endpoint }))
          proxy.order({
            put: 'slice',
            object: { ...each, metadata: { ...each.metadata, name: `${each.metadata!.name}-${index}` } },
          });
    };
    const hosts = (n: number): readonly string[] => [`10.96.0.${n}`, `fd00:96::${n}`];

    /** Who answers at this address, `error CODE` among them. */
    const namesAt = async (
      from: NetnsAgent,
      to: { readonly host: string; readonly port: number },
    ): Promise<string> => {
      const seen = new Set<string>();
      for (let call = 0; call < CALLS; call++) {
        const transport = call % 2 === 0 ? 'tcp' : 'udp';
        const answer = await from.dial({ ...to, transport });
        seen.add(answer.startsWith('error') ? answer : answer.split(' ')[0]!);
      }
      return [...seen].sort().join(' ');
    };
    /** A pod and the node come to reach these and no others, by TCP and UDP, in both families. */
    const reach = async (n: number, wanted: string, port = 80): Promise<void> => {
      for (const host of hosts(n))
        for (const from of [lab.pods[2]!, lab.node])
          await eventually(`${host} reaches ${wanted}`, async () => {
            assert.equal(await namesAt(from, { host, port }), wanted);
            return true;
          });
    };

    /** A pod's connections come to fail so. One at a time: the kernel limits how many it refuses in a second. */
    const fail = async (n: number, wanted: RegExp, port = 80): Promise<void> => {
      for (const host of hosts(n))
        await eventually(`${host} fails with ${wanted}`, async () =>
          wanted.test(await lab.pods[2]!.dial({ host, port })),
        );
    };

    it('are those that the hints give the node, else its zone, else all: also when those go', async () => {
      put('hints', 20);
      endpoints('hints', [1, hint('node-1', 'b')], [2, hint('node-2', 'a')]);
      await reach(20, 'pod-1');
      endpoints('hints', [1, hint('node-3', 'b')], [2, hint('node-2', 'a')]);
      await reach(20, 'pod-2');
      endpoints('hints', [1, hint('node-3', 'b')], [2, { ...hint('node-2', 'a'), ...unready }]);
      await reach(20, 'pod-1');
      endpoints('hints', [1, hint('node-1', 'b')], [2]);
      await reach(20, 'pod-1 pod-2');
    });

    it('are the node’s own with policy Local, whatever the hints are', async () => {
      put('local', 21, { internalTrafficPolicy: 'Local' });
      endpoints('local', [1, hint('node-2', 'b')], [2, hint('node-2', 'b')], [AWAY, { nodeName: 'node-2' }]);
      await reach(21, 'pod-1 pod-2');
    });

    it('are one of the node’s own with affinity and policy Local', async () => {
      const nodePorts = ports.map((port) => ({ ...port, nodePort: NODE_PORT }));
      const spec: ServiceSpec = {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        sessionAffinity: 'ClientIP',
        ports: nodePorts,
      };
      endpoints('bound', [1], [2], [AWAY, { nodeName: 'node-2' }]);
      put('bound', 22, spec);
      for (const host of NODE_ADDRESSES)
        await eventually(`${host} has one endpoint`, async () =>
          /^pod-[12]$/.test(await namesAt(lab.outside, { host, port: NODE_PORT })),
        );
    });

    it('have the ports that their slices say', async () => {
      const others = [
        { name: 'tcp', port: 8443, protocol: 'TCP' },
        { name: 'udp', port: 8080, protocol: 'UDP' },
      ];
      put('mixed', 23);
      endpoints('mixed', [1], [2, {}, others]);
      await reach(23, 'pod-1 pod-2');
    });

    it('may be those of several Services and ports, each by itself', async () => {
      const twice = [...ports, ...ports.map((port) => ({ ...port, name: `${port.name}-too`, port: 81 }))];
      const both = [...targets, ...targets.map((port) => ({ ...port, name: `${port.name}-too` }))];
      for (const [name, n] of [
        ['one', 24],
        ['other', 25],
      ] as const) {
        put(name, n, { ports: twice });
        endpoints(name, [1, {}, both], [2, {}, both]);
      }
      for (const n of [24, 25]) for (const port of [80, 81]) await reach(n, 'pod-1 pod-2', port);
      put('one', 24, { ports });
      await fail(24, /ECONNREFUSED/, 81);
      proxy.order({ remove: 'service', key: 'ns/one' });
      for (const port of [80, 81]) await reach(25, 'pod-1 pod-2', port);
      await fail(24, /ETIMEDOUT/);
    });

    for (const label of ['service-proxy-name', 'headless'])
      it(`are none while another proxy has the Service, by the label ${label}`, async () => {
        const key = { [`service.kubernetes.io/${label}`]: 'other' };
        endpoints('foreign', [1]);
        put('foreign', 26);
        await reach(26, 'pod-1');
        put('foreign', 26, {}, key);
        await fail(26, /^error/);
        put('foreign', 26);
        await reach(26, 'pod-1');
        proxy.order({ remove: 'service', key: 'ns/foreign' });
      });
  });
