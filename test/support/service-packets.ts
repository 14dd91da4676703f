// What both back ends of the service proxy must do with packets.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ServiceSpec } from '../../src/k8s/generated/types.ts';
import type { BackEnd } from '../../src/services/ebpf/open-sockets.ts';
import { eventually } from './poll.ts';
import { startProxyAgent } from './proxy-agent.ts';
import type { ProxyAgent } from './proxy-agent.ts';
import type { NetnsAgent } from './netns-agent.ts';
import {
  NODE_ADDRESSES,
  OUTSIDE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  createLab,
  podAddresses,
} from './service-lab.ts';
import { makeCgroup, removeCgroup } from './test-cgroup.ts';
import type { Lab } from './service-lab.ts';
import { bothFamilies, service } from './service-objects.ts';

const site = {
  nodeName: 'node-1',
  zone: undefined,
  nodeAddresses: NODE_ADDRESSES,
  podCidrs: POD_CIDRS,
  serviceCidrs: SERVICE_CIDRS,
};
const both = [
  { name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 },
  { name: 'https', port: 443, protocol: 'TCP' },
  { name: 'udp', port: 80, protocol: 'UDP', nodePort: 30080 },
];
const unexposed = both.map(({ name, port, protocol }) => ({ name, port, protocol }));
const slicePorts = [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'https', port: 8443, protocol: 'TCP' },
  { name: 'udp', port: 8080, protocol: 'UDP' },
];

/** The distinct answers of `count` calls, sorted. */
const answers = async (count: number, dial: () => Promise<string>): Promise<string[]> => {
  const all = new Set<string>();
  for (let i = 0; i < count; i++) all.add(await dial());
  return [...all].sort();
};
const namesOf = (texts: readonly string[]): string[] =>
  [...new Set(texts.map((text) => text.split(' ')[0]!))].sort();

/** `index` 0 is IPv4, 1 is IPv6. */
export const describePackets = (backEnd: BackEnd, index: 0 | 1): void => {
  const family = ['IPv4', 'IPv6'][index];
  const podCgroup = `/podnet-test-packets-${process.pid}/pods-${index}`;
  describe(`startServiceProxy(), ${family} packets by ${backEnd}`, () => {
    let lab: Lab;
    let proxy: ProxyAgent;
    const vip = (n: number): string => (index === 0 ? `10.96.0.${n}` : `fd00:96::${n}`);
    const pod = (n: number): string => podAddresses(n)[index]!;
    const node = NODE_ADDRESSES[index]!;
    const outsideAddress = OUTSIDE_ADDRESSES[index]!;
    const put = (name: string, n: number, pods: readonly number[], spec: ServiceSpec): void => {
      proxy.order({ put: 'service', object: service(name, n, spec) });
      for (const each of bothFamilies(name, pods.map(podAddresses), { ports: slicePorts }))
        proxy.order({ put: 'slice', object: each });
    };
    const call = (from: NetnsAgent, host: string, port: number, transport: 'tcp' | 'udp' = 'tcp') =>
      from.dial({ host, port, transport });
    /** Waits until the Service answers like this. */
    const settles = (from: NetnsAgent, host: string, port: number, wanted: RegExp): Promise<unknown> =>
      eventually(`${host}:${port} answers ${wanted}`, async () => wanted.test(await call(from, host, port)));

    before(async () => {
      const cgroup = backEnd === 'ebpf' ? makeCgroup(podCgroup) : undefined;
      lab = await createLab(`${backEnd}${index}`, 3, cgroup);
      proxy = await startProxyAgent({
        netns: lab.nodeNetns,
        ...site,
        sockets: { backEnd, podCgroup },
        services: [
          service('web', 10, { ports: both, type: 'NodePort' }),
          service('empty', 11, { ports: unexposed }),
        ],
        slices: bothFamilies('web', [podAddresses(1), podAddresses(2)], { ports: slicePorts }),
      });
    });
    after(async () => {
      await proxy?.close();
      await lab?.close();
      if (backEnd === 'ebpf') removeCgroup(podCgroup);
    });

    it('spreads TCP connections over the endpoints; a pod is seen with its own address', async () => {
      const seen = await answers(40, () => call(lab.pods[2]!, vip(10), 80));
      assert.deepEqual(seen, [`pod-1 ${pod(3)}`, `pod-2 ${pod(3)}`]);
    });

    it('spreads UDP flows too', async () => {
      const seen = await answers(40, () => call(lab.pods[2]!, vip(10), 80, 'udp'));
      assert.deepEqual(seen, [`pod-1 ${pod(3)}`, `pod-2 ${pod(3)}`]);
    });

    it('serves each port of a Service', async () => {
      assert.deepEqual(namesOf(await answers(20, () => call(lab.pods[2]!, vip(10), 443))), [
        'pod-1',
        'pod-2',
      ]);
    });

    it('brings an endpoint back to itself: packets that leave it with another address, sockets inside of it', async () => {
      const seen = await answers(30, () => call(lab.pods[0]!, vip(10), 80));
      assert.deepEqual(namesOf(seen), ['pod-1', 'pod-2']);
      assert.equal(seen.includes(`pod-1 ${pod(1)}`), backEnd === 'ebpf', seen.join());
    });

    it('serves the node itself and machines outside, seen with the address of the node', async () => {
      for (const from of [lab.node, lab.outside]) {
        const seen = await answers(20, () => call(from, vip(10), 80));
        assert.deepEqual(namesOf(seen), ['pod-1', 'pod-2']);
        assert.ok(!seen.some((each) => each.endsWith(` ${outsideAddress}`)), seen.join());
      }
    });

    it('serves the node port at the address of the node, to everyone', async () => {
      for (const from of [lab.outside, lab.node, lab.pods[0]!]) {
        assert.deepEqual(namesOf(await answers(20, () => call(from, node, 30080))), ['pod-1', 'pod-2']);
        assert.match(await call(from, node, 30080, 'udp'), /^pod-[12] /);
      }
      assert.equal(await call(lab.node, index === 0 ? '127.0.0.1' : '::1', 30080), 'error ECONNREFUSED');
    });

    it('refuses at once: a Service without endpoints, a port that the Service has not', async () => {
      for (const from of [lab.pods[2]!, lab.node, lab.outside]) {
        assert.equal(await call(from, vip(11), 80), 'error ECONNREFUSED');
        assert.equal(await call(from, vip(10), 81), 'error ECONNREFUSED');
        assert.equal(await call(from, vip(11), 80, 'udp'), 'error ECONNREFUSED');
      }
    });

    it('drops what is sent to an address that no Service has', async () => {
      assert.equal(await call(lab.pods[0]!, vip(99), 80), 'error ETIMEDOUT');
    });

    it('follows endpoints that come and go, and Services', async () => {
      put('live', 20, [1], { ports: unexposed });
      await settles(lab.pods[2]!, vip(20), 80, /^pod-1/);
      put('live', 20, [1, 2], { ports: unexposed });
      await settles(lab.pods[2]!, vip(20), 80, /^pod-2/);
      put('live', 20, [2], { ports: unexposed });
      await eventually('only pod-2 is left', async () => {
        const names = namesOf(await answers(20, () => call(lab.pods[2]!, vip(20), 80)));
        return names.join() === 'pod-2';
      });
      put('live', 20, [], { ports: unexposed });
      await settles(lab.pods[2]!, vip(20), 80, /ECONNREFUSED/);
      proxy.order({ remove: 'service', key: 'ns/live' });
      await settles(lab.pods[2]!, vip(20), 80, /ETIMEDOUT/);
    });

    it('keeps a client at its endpoint while others come and go, and gives it another when its own goes', async () => {
      const sticky: ServiceSpec = { ports: unexposed, sessionAffinity: 'ClientIP' };
      put('sticky', 21, [1, 2], sticky);
      await settles(lab.pods[2]!, vip(21), 80, /^pod/);
      const dial = () => call(lab.pods[2]!, vip(21), 80);
      const first = namesOf(await answers(15, dial));
      assert.equal(first.length, 1);
      put('sticky', 21, [1, 2, 3], sticky);
      await settles(lab.node, vip(21), 443, /^pod/);
      assert.deepEqual(namesOf(await answers(15, dial)), first);
      const left = first[0] === 'pod-1' ? [2, 3] : [1, 3];
      put('sticky', 21, left, sticky);
      await eventually('its endpoint is gone', async () => !(await dial()).startsWith(first[0]!));
      const second = namesOf(await answers(15, dial));
      assert.equal(second.length, 1, `bound to one endpoint again: ${second.join()}`);
      assert.notDeepEqual(second, first);
    });

    it('binds a pod to one endpoint at all addresses of a Service, over TCP and UDP alike', async () => {
      const ports = both
        .map((port) => ({ ...port, nodePort: 30_095 }))
        .filter(({ name }) => name !== 'https');
      put('addresses', 25, [1, 2, 3], { ports, type: 'NodePort', sessionAffinity: 'ClientIP' });
      await settles(lab.pods[2]!, node, 30_095, /^pod/);
      for (const from of lab.pods)
        for (const transport of ['tcp', 'udp'] as const) {
          const dial = async (turn: number) =>
            turn % 2 === 0 ? call(from, vip(25), 80, transport) : call(from, node, 30_095, transport);
          let turn = 0;
          const names = namesOf(await answers(10, () => dial(turn++)));
          assert.equal(names.length, 1, names.join());
        }
    });

    it('forgets a client after timeoutSeconds without a connection, not before', async () => {
      const timeoutSeconds = 2;
      const spec: ServiceSpec = {
        ports: unexposed,
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds } },
      };
      const names = async (): Promise<string[]> => {
        const seen = [];
        for (const from of lab.pods) seen.push((await call(from, vip(26), 80)).split(' ')[0]!);
        return seen;
      };
      const bound = ['pod-1', 'pod-1', 'pod-1'];
      /** Binds all to pod-1, then there are others; returns since when they are bound at least. */
      const bind = async (): Promise<number> => {
        put('short', 26, [1], spec);
        const sinceMs = await eventually('all are bound', async () => {
          const startMs = Date.now();
          return (await names()).join() === bound.join() ? startMs : undefined;
        });
        put('short', 26, [1, 2, 3], spec);
        return sinceMs;
      };
      // for longer than the timeout: each connection begins it anew, unless this process was away for all of it
      let [lastMs, beginMs] = [await bind(), Date.now()];
      while (Date.now() - beginMs < timeoutSeconds * 1500) {
        const startMs = Date.now();
        const seen = await names();
        const isLate = Date.now() - lastMs > timeoutSeconds * 1000;
        if (!isLate) assert.deepEqual(seen, bound);
        lastMs = isLate ? await bind() : startMs;
        if (isLate) beginMs = Date.now();
      }
      await eventually('some client has another endpoint', async () => {
        const last = Date.now();
        await eventually('no one has called', async () => Date.now() - last > timeoutSeconds * 1200);
        return (await names()).join() !== bound.join();
      });
    });

    it('has a UDP client that goes on sending follow its Service to other endpoints', async () => {
      put('udp', 23, [1], { ports: unexposed });
      await settles(lab.pods[2]!, vip(23), 80, /^pod-1/);
      const dial = () =>
        lab.pods[2]!.dial({ host: vip(23), port: 80, transport: 'udp', localPort: 20_000 + index });
      assert.match(await dial(), /^pod-1/);
      put('udp', 23, [2], { ports: unexposed });
      await eventually('the flow goes to pod-2', async () => (await dial()).startsWith('pod-2'), 5000);
    });

    it('leaves a UDP flow with an endpoint that terminates, until that serves no more', async () => {
      const terminating = (serving: boolean) => ({
        conditions: { ready: false, serving, terminating: true },
      });
      const draining = (serving: boolean): void => {
        const [young, old] = [[podAddresses(2)], [podAddresses(1)]];
        for (const which of [0, 1]) {
          const slice = bothFamilies('drain', young, { ports: slicePorts })[which]!;
          const gone = bothFamilies('drain', old, { ports: slicePorts, endpoint: terminating(serving) })[
            which
          ]!;
          const endpoints = [...slice.endpoints!, ...gone.endpoints!];
          proxy.order({ put: 'slice', object: { ...slice, endpoints } });
        }
      };
      put('drain', 35, [1], { ports: unexposed });
      await settles(lab.node, vip(35), 80, /^pod-1/);
      const dial = () =>
        lab.node.dial({ host: vip(35), port: 80, transport: 'udp', localPort: 20_010 + index });
      assert.match(await dial(), /^pod-1/);
      draining(true);
      await settles(lab.node, vip(35), 80, /^pod-2/);
      assert.match(await dial(), /^pod-1/, 'the flow that it has');
      assert.match(await call(lab.node, vip(35), 80, 'udp'), /^pod-2/, 'no new ones');
      draining(false);
      await eventually('the flow goes to pod-2', async () => (await dial()).startsWith('pod-2'), 5000);
    });

    it('has a UDP client that was there before the Service reach it', async () => {
      const dial = () =>
        lab.outside.dial({ host: node, port: 30_090, transport: 'udp', localPort: 20_002 + index });
      assert.equal(await dial(), 'error ECONNREFUSED');
      const ports = [{ name: 'udp', port: 80, protocol: 'UDP', nodePort: 30_090 }];
      put('late', 24, [1], { ports, type: 'NodePort' });
      await eventually('the flow reaches the endpoint', async () => (await dial()).startsWith('pod-1'), 5000);
    });

    it('with externalTrafficPolicy Local shows the client of a node port as it is', async () => {
      const ports = [{ name: 'http', port: 80, protocol: 'TCP', nodePort: 30081 }];
      put('local', 22, [1, 2], { ports, type: 'NodePort', externalTrafficPolicy: 'Local' });
      await settles(lab.outside, node, 30081, /^pod/);
      const seen = await answers(20, () => call(lab.outside, node, 30081));
      assert.deepEqual(seen, [`pod-1 ${outsideAddress}`, `pod-2 ${outsideAddress}`]);
    });
  });
};
