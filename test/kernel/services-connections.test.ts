// Connections over time: they outlive changes, stay with their endpoint or lose it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Endpoint, Service, ServiceSpec } from '../../src/k8s/generated/types.ts';
import { eventually } from '../support/poll.ts';
import { startProxyAgent } from '../support/proxy-agent.ts';
import type { ProxyAgent } from '../support/proxy-agent.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { NODE_ADDRESSES, POD_CIDRS, SERVICE_CIDRS, createLab, podAddresses } from '../support/service-lab.ts';
import type { Lab } from '../support/service-lab.ts';
import { bothFamilies, service } from '../support/service-objects.ts';

const ports = [
  { name: 'http', port: 80, protocol: 'TCP' },
  { name: 'udp', port: 80, protocol: 'UDP' },
  { name: 'lines', port: 90, protocol: 'TCP' },
];
const slicePorts = [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'udp', port: 8080, protocol: 'UDP' },
  { name: 'lines', port: 9090, protocol: 'TCP' },
];
/** For what must not be lost: a shorter wait may be the machine's. */
const PATIENT_MS = 5000;

for (const [index, family] of ['IPv4', 'IPv6'].entries()) {
  describe(`connections to Services, ${family} packets`, () => {
    let lab: Lab;
    let proxy: ProxyAgent;
    const vip = (n: number): string => (index === 0 ? `10.96.0.${n}` : `fd00:96::${n}`);
    const balancer = index === 0 ? '198.51.100.1' : '2001:db8:1::1';
    const node = NODE_ADDRESSES[index]!;
    const put = (name: string, n: number, spec: ServiceSpec = {}, status: Service['status'] = {}): void =>
      proxy.order({ put: 'service', object: { ...service(name, n, { ports, ...spec }), status } });
    type Part = readonly [pods: readonly number[], endpoint?: Partial<Endpoint>];
    const endpoints = (name: string, ...parts: readonly Part[]): void => {
      const all = parts.map(([pods, endpoint = {}]) =>
        bothFamilies(name, pods.map(podAddresses), { ports: slicePorts, endpoint }),
      );
      for (const which of [0, 1]) {
        const slices = all.map((pair) => pair[which]!);
        proxy.order({
          put: 'slice',
          object: { ...slices[0]!, endpoints: slices.flatMap((each) => each.endpoints ?? []) },
        });
      }
    };
    const dial = (from: NetnsAgent, host: string, port = 80): Promise<string> => from.dial({ host, port });
    const nameOf = async (answer: Promise<string>): Promise<string> => (await answer).split(' ')[0]!;
    const settles = (host: string, wanted: RegExp, from = lab.pods[2]!): Promise<unknown> =>
      eventually(`${host} answers ${wanted}`, async () => wanted.test(await dial(from, host)), 8000);
    const clients = (): readonly NetnsAgent[] => [lab.outside, lab.node, ...lab.pods];

    before(async () => {
      lab = await createLab(`con${index}`, 5);
      proxy = await startProxyAgent({
        netns: lab.nodeNetns,
        nodeName: 'node-1',
        zone: undefined,
        nodeAddresses: NODE_ADDRESSES,
        podCidrs: POD_CIDRS,
        serviceCidrs: SERVICE_CIDRS,
        services: [],
        slices: [],
      });
    });
    after(async () => {
      await proxy?.close();
      await lab?.close();
    });

    it('keeps a TCP connection while its endpoint terminates and goes, the policy changes, and the Service goes', async () => {
      endpoints('web', [[1]]);
      put('web', 10);
      await settles(vip(10), /^pod-1/);
      const say = await lab.pods[2]!.connect({ host: vip(10), port: 90 });
      assert.equal(await say('one'), 'pod-1 one');
      const terminating = { conditions: { ready: false, serving: true, terminating: true } };
      endpoints('web', [[2]], [[1], terminating]);
      await settles(vip(10), /^pod-2/);
      assert.equal(await say('two'), 'pod-1 two');
      endpoints('web', [[2]]);
      put('web', 10, { internalTrafficPolicy: 'Local', sessionAffinity: 'ClientIP' });
      await settles(vip(10), /^pod-2/);
      assert.equal(await say('three'), 'pod-1 three');
      proxy.order({ remove: 'service', key: 'ns/web' });
      await settles(vip(10), /ETIMEDOUT/);
      assert.equal(await say('four'), 'pod-1 four');
    });

    it('carries datagrams that have to be cut into fragments', async () => {
      endpoints('large', [[1]]);
      put('large', 11);
      await settles(vip(11), /^pod-1/);
      for (const from of clients()) {
        const answer = from.dial({ host: vip(11), port: 80, transport: 'udp', sizeBytes: 8000 });
        assert.match(await answer, /^pod-1 /);
      }
    });

    it('drops a packet of no connection, so that its receiver does not reset the connection it belongs to', async () => {
      endpoints('lost', [[1]]);
      put('lost', 12);
      await settles(vip(12), /^pod-1/);
      const say = await lab.pods[2]!.connect({ host: vip(12), port: 90 });
      assert.equal(await say('hello'), 'pod-1 hello');
      const loose = (value: 0 | 1): Promise<string> =>
        lab.onNode('sysctl', '-q', '-w', `net.netfilter.nf_conntrack_tcp_loose=${value}`);
      await loose(0);
      const late = say('later');
      await lab.onNode('conntrack', '-D', '-f', `ipv${index === 0 ? 4 : 6}`, '-p', 'tcp', '-d', vip(12));
      const table = ['list', 'chain', index === 0 ? 'ip' : 'ip6', 'podnet-services', 'forward'];
      await eventually('the answer is dropped', async () =>
        /packets [1-9]/.test(await lab.onNode('nft', ...table)),
      );
      assert.equal(await late, 'error ETIMEDOUT', 'no reset');
      const established = await lab.onPod(1, 'ss', '-Htn', 'state', 'established', 'sport', '=', ':9090');
      assert.match(established, new RegExp(podAddresses(3)[index]!), 'the server still has the connection');
      await loose(1);
    });

    it('drops nothing of a client that comes back from its port when the server closed first', async () => {
      endpoints('closing', [[1]]);
      put('closing', 18);
      await settles(vip(18), /^pod-1/);
      const table = ['list', 'chain', index === 0 ? 'ip' : 'ip6', 'podnet-services', 'forward'];
      const before = await lab.onNode('nft', ...table);
      for (const [host, port] of [
        [podAddresses(1)[index]!, 8080],
        [vip(18), 80],
      ] as const)
        for (let i = 0; i < 100; i++)
          assert.match(await lab.pods[2]!.dial({ host, port, localPort: 20_100 }), /^pod-1/);
      assert.equal(await lab.onNode('nft', ...table), before, 'no packet was invalid');
    });

    it('binds a client to one endpoint at all addresses of a Service', async () => {
      const spec: ServiceSpec = {
        type: 'LoadBalancer',
        sessionAffinity: 'ClientIP',
        ports: ports.slice(0, 1).map((port) => ({ ...port, nodePort: 30_088 })),
      };
      endpoints('sticky', [[1, 2, 3, 4, 5]]);
      put('sticky', 13, spec, { loadBalancer: { ingress: [{ ip: balancer }] } });
      await settles(balancer, /^pod/);
      const chosen = new Set<string>();
      for (const from of clients()) {
        const first = await nameOf(dial(from, vip(13)));
        assert.equal(await nameOf(dial(from, balancer)), first);
        assert.equal(await nameOf(dial(from, node, 30_088)), first);
        chosen.add(first);
      }
      assert.ok(chosen.size > 1, 'several clients, several endpoints');
      proxy.order({ remove: 'service', key: 'ns/sticky' });
    });

    it('reaches an endpoint though the one that was chosen goes while the packet is on its way', async () => {
      endpoints('half', [[1, 2, 3]]);
      put('half', 30);
      await settles(vip(30), /^pod-/);
      const slot = `{ tcp . ${vip(30)} . 80 . 2 }`;
      const table = [index === 0 ? 'ip' : 'ip6', 'podnet-services'];
      // what a packet meets between the look-ups of a count and of a slot, for as long as the upkeep leaves it so
      await lab.onNode('nft', 'delete', 'element', ...table, 'slots', slot);
      const answers = await Promise.all(
        Array.from({ length: 40 }, () =>
          lab.pods[4]!.dial({ host: vip(30), port: 80, timeoutMs: PATIENT_MS }),
        ),
      );
      assert.deepEqual(
        answers.filter((answer) => !/^pod-[123] /.test(answer)),
        [],
      );
      proxy.order({ remove: 'service', key: 'ns/half' });
    });

    const sticky = (name: string, n: number, timeoutSeconds: number): void =>
      put(name, n, {
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds } },
      });
    /** What is left, in milliseconds, to clients that are remembered for so long. */
    const timesLeft = async (timeoutSeconds: number): Promise<ReadonlyMap<string, number>> => {
      const map = [index === 0 ? 'ip' : 'ip6', 'podnet-services', 'affinity'];
      const text = await lab.onNode('nft', 'list', 'map', ...map);
      const elements = text.matchAll(/([^{,]+) timeout (\d+)s expires (?:(\d+)s)?(?:(\d+)ms)? :/g);
      return new Map(
        [...elements]
          .filter(([, , timeout]) => Number(timeout) === timeoutSeconds)
          .map(([, key, , seconds = 0, ms = 0]) => [key!.trim(), Number(seconds) * 1000 + Number(ms)]),
      );
    };

    it('begins a client’s time anew with each connection, and no other’s', async () => {
      endpoints('long', [[1, 2]]);
      sticky('long', 14, 50);
      for (const from of [lab.pods[2]!, lab.pods[3]!]) await settles(vip(14), /^pod/, from);
      const first = await timesLeft(50);
      assert.equal(first.size, 2);
      const late = await eventually('time goes by', async () => {
        const now = await timesLeft(50);
        return [...now].every(([key, ms]) => ms < first.get(key)! - 100) ? now : undefined;
      });
      assert.match(await dial(lab.pods[2]!, vip(14)), /^pod/);
      const now = await timesLeft(50);
      assert.equal([...now].filter(([key, ms]) => ms > late.get(key)!).length, 1);
    });

    it('forgets a client after timeoutSeconds without a connection', async () => {
      endpoints('short', [[1, 2]]);
      sticky('short', 15, 1);
      await settles(vip(15), /^pod/);
      const names = (): Promise<string[]> =>
        Promise.all(clients().map((from) => nameOf(dial(from, vip(15)))));
      const first = await names();
      endpoints('short', [[1, 2, 3, 4, 5]]);
      await eventually('some client has another endpoint', async () => {
        await eventually('all are forgotten', async () => (await timesLeft(1)).size === 0);
        return (await names()).join() !== first.join();
      });
    });
  });
}
