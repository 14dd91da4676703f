// What the proxy follows besides Services: the node's addresses, where its node ports answer, and the ranges of Services.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ServiceSpec } from '../../src/k8s/generated/types.ts';
import type { NetnsAgent } from '../support/netns-agent.ts';
import { eventually } from '../support/poll.ts';
import { startProxyAgent } from '../support/proxy-agent.ts';
import type { ProxyAgent } from '../support/proxy-agent.ts';
import {
  NODE_ADDRESSES,
  OUTSIDE_ADDRESSES,
  POD_CIDRS,
  SERVICE_CIDRS,
  createLab,
  podAddresses,
} from '../support/service-lab.ts';
import type { Lab } from '../support/service-lab.ts';
import { bothFamilies, service } from '../support/service-objects.ts';

const ports = [
  { name: 'http', port: 80, protocol: 'TCP', nodePort: 30_080 },
  { name: 'udp', port: 80, protocol: 'UDP', nodePort: 30_080 },
  { name: 'lines', port: 90, protocol: 'TCP', nodePort: 30_090 },
];
const slicePorts = [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'udp', port: 8080, protocol: 'UDP' },
  { name: 'lines', port: 9090, protocol: 'TCP' },
];
/** Addresses that the node has besides, and gets later. */
const [SECOND, OTHER, LATE] = [
  ['172.31.7.11', 'fd00:31:7::11'],
  ['172.31.8.11', 'fd00:31:8::11'],
  ['172.31.7.12', 'fd00:31:7::12'],
] as const;
const LOCALHOST = ['127.0.0.1', '::1'] as const;

for (const [index, family] of ['IPv4', 'IPv6'].entries()) {
  const length = index === 0 ? 32 : 128;
  const refused = 'error ECONNREFUSED';

  describe(`node ports and ranges, ${family} packets`, () => {
    let lab: Lab;
    let proxy: ProxyAgent;
    const [second, other, late, localhost] = [SECOND, OTHER, LATE, LOCALHOST].map((pair) => pair[index]!) as [
      string,
      string,
      string,
      string,
    ];
    const node = NODE_ADDRESSES[index]!;
    const start = async (...nodePortAddresses: string[]): Promise<void> => {
      await proxy?.close();
      proxy = await startProxyAgent({
        netns: lab.nodeNetns,
        nodeName: 'node-1',
        zone: undefined,
        nodeAddresses: NODE_ADDRESSES,
        nodePortAddresses,
        podCidrs: POD_CIDRS,
        serviceCidrs: SERVICE_CIDRS,
        services: [service('web', 10, { type: 'NodePort', ports })],
        slices: slices('web', [1, 2]),
      });
    };
    const slices = (name: string, pods: readonly number[]) =>
      bothFamilies(name, pods.map(podAddresses), { ports: slicePorts });
    const put = (pods: readonly number[], spec: ServiceSpec = {}): void => {
      for (const object of slices('web', pods)) proxy.order({ put: 'slice', object });
      proxy.order({ put: 'service', object: service('web', 10, { type: 'NodePort', ports, ...spec }) });
    };
    const call = (from: NetnsAgent, host: string, port = 30_080, transport: 'tcp' | 'udp' = 'tcp') =>
      from.dial({ host, port, transport });
    const clients = (): readonly NetnsAgent[] => [lab.outside, lab.node, lab.pods[0]!];
    const answersAt = async (host: string): Promise<void> => {
      for (const from of clients())
        for (const transport of ['tcp', 'udp'] as const)
          assert.match(await call(from, host, 30_080, transport), /^pod-/, `${transport} ${host}`);
    };
    /** The node's own refusals of UDP are limited in number. */
    const isClosedAt = async (host: string, from = clients()): Promise<void> => {
      for (const each of from) {
        assert.equal(await call(each, host), refused);
        assert.match(await call(each, host, 30_080, 'udp'), /ECONNREFUSED|ETIMEDOUT/);
      }
    };
    const settles = (what: string, host: string, wanted: RegExp, from = lab.outside): Promise<unknown> =>
      eventually(what, async () => wanted.test(await call(from, host)), 8000);
    const noDad = index === 0 ? [] : ['nodad'];
    const address = (verb: 'add' | 'del', text: string): Promise<string> =>
      lab.onNode('ip', 'address', verb, `${text}/${length}`, 'dev', 'eth0', ...(verb === 'add' ? noDad : []));
    const names = async (times: number, dial: () => Promise<string>): Promise<string> => {
      const seen = new Set<string>();
      for (let i = 0; i < times; i++) seen.add((await dial()).split(' ')[0]!);
      return [...seen].sort().join();
    };

    before(async () => {
      lab = await createLab(`site${index}`, 2);
      for (const each of [second, other]) await address('add', each);
      await lab.onOutside('ip', 'route', 'add', index === 0 ? '172.31.0.0/20' : 'fd00:31::/32', 'via', node);
      await lab.outside.serve('outside', 'tcp', 80);
      await lab.outside.serve('outside', 'udp', 80);
    });
    after(async () => {
      await proxy?.close();
      await lab?.close();
    });

    it('answers at the primary addresses only, which follow the Node object', async () => {
      await start();
      await answersAt(node);
      await isClosedAt(localhost, [lab.node]);
      await isClosedAt(second);
      const addresses = [{ type: 'InternalIP', address: second }];
      proxy.order({ put: 'node', object: { metadata: { name: 'node-1' }, status: { addresses } } });
      await settles('the new address answers', second, /^pod-/);
      await answersAt(second);
      await isClosedAt(node);
    });

    it('answers at the addresses in the given ranges, also those that come and go', async () => {
      await start('172.31.7.0/24', 'fd00:31:7::/64');
      await answersAt(second);
      for (const host of [node, other]) await isClosedAt(host);
      await address('add', late);
      await settles('an address that came later answers', late, /^pod-/);
      await answersAt(late);
      await address('del', late);
      const map = ['list', 'map', index === 0 ? 'ip' : 'ip6', 'podnet-services', 'services'];
      await eventually(
        'nothing is left of it',
        async () => !(await lab.onNode('nft', ...map)).includes(late),
      );
      await answersAt(second);
    });

    it('answers at all addresses but loopback where that is wanted', async () => {
      await start('all');
      for (const host of [node, second, other]) await answersAt(host);
      await isClosedAt(localhost, [lab.node]);
    });

    it('answers TCP on localhost where that is wanted, and there only', async () => {
      await start('localhost');
      await settles('localhost answers', localhost, /^pod-/, lab.node);
      assert.equal(await names(30, () => call(lab.node, localhost)), 'pod-1,pod-2');
      assert.match(await call(lab.node, localhost, 30_080, 'udp'), /ECONNREFUSED|ETIMEDOUT/);
      for (const host of [node, second]) await isClosedAt(host);
      const routeLocalnet = await lab.onNode('sysctl', '-a', '-r', 'route_localnet');
      assert.doesNotMatch(routeLocalnet, /= 1/, 'no neighbour can reach localhost');
    });

    it('carries a conversation on localhost, which outlives the endpoint’s place in the Service', async () => {
      const say = await lab.node.connect({ host: localhost, port: 30_090 });
      const first = await say('one');
      assert.match(first, /^pod-[12] one$/);
      put([]);
      await settles('a port without endpoints is closed', localhost, /ECONNREFUSED/, lab.node);
      assert.equal(await say('two'), first.replace('one', 'two'));
      put([2]);
      await settles('it opens again', localhost, /^pod-2/, lab.node);
    });

    it('binds localhost to one endpoint with session affinity', async () => {
      put([1, 2], { sessionAffinity: 'ClientIP' });
      await settles('both are there', localhost, /^pod-/, lab.node);
      await eventually(
        'the affinity is there',
        async () => !(await names(20, () => call(lab.node, localhost))).includes(','),
      );
    });

    it('drops what is sent to addresses of a range that comes later, until it goes', async () => {
      await start();
      const stranger = OUTSIDE_ADDRESSES[index]!;
      const reach = async (wanted: RegExp): Promise<boolean> => {
        for (const from of [lab.pods[0]!, lab.node])
          for (const transport of ['tcp', 'udp'] as const)
            if (!wanted.test(await call(from, stranger, 80, transport))) return false;
        return true;
      };
      assert.ok(await reach(/^outside/));
      const cidrs = [`${stranger}/${length}`];
      proxy.order({ put: 'service-cidr', object: { metadata: { name: 'later' }, spec: { cidrs } } });
      await eventually('dropped', () => reach(/ETIMEDOUT/), 20_000);
      proxy.order({ remove: 'service-cidr', key: 'later' });
      await eventually('left alone', () => reach(/^outside/), 20_000);
    });

    it('does not take the addresses of pods for those of a range that comes later', async () => {
      const cidrs = [
        index === 0 ? '10.0.0.0/8' : 'fd00::/16',
        index === 0 ? '10.97.0.0/24' : 'fd00:97::/112',
      ];
      proxy.order({ put: 'service-cidr', object: { metadata: { name: 'wide' }, spec: { cidrs } } });
      const set = ['list', 'set', index === 0 ? 'ip' : 'ip6', 'podnet-services', 'service-cidrs'];
      await eventually('the other range is there', async () =>
        (await lab.onNode('nft', ...set)).includes('97'),
      );
      assert.match(await call(lab.pods[0]!, podAddresses(2)[index]!, 8080), /^pod-2/);
    });

    it('puts back a range that someone else removed', async () => {
      const table = index === 0 ? 'ip' : 'ip6';
      const list = (): Promise<string> =>
        lab.onNode('nft', 'list', 'set', table, 'podnet-services', 'service-cidrs');
      const before = await list();
      await lab.onNode('nft', 'flush', 'set', table, 'podnet-services', 'service-cidrs');
      await eventually('it is back', async () => (await list()) === before, 10_000);
    });
  });
}
