import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeOf, storedAs } from '../../../test/support/object-builders.ts';
import { service, slice } from '../../../test/support/service-objects.ts';
import { type GatewayRoutes, toText } from '../../ip/gateway-routes.ts';
import type { Endpoint, EndpointSlice, Node, ServiceSpec } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { compileRoutes } from './compile.ts';
import { selectAnnouncements, selectGateway } from './select.ts';

const node = (
  n: number,
  more: Parameters<typeof nodeOf>[1] & { readonly isReady?: boolean } = {},
): Stored<Node> => {
  const object = nodeOf(`node-${n}`, more);
  return storedAs({
    ...object,
    status: {
      conditions: [{ type: 'Ready', status: more.isReady === false ? 'Unknown' : 'True' }],
      addresses: [
        { type: 'Hostname', address: `node-${n}` },
        { type: 'InternalIP', address: `172.30.0.1${n}` },
        { type: 'InternalIP', address: `fd00:172:30::1${n}` },
      ],
    },
  });
};
const nodes = [1, 2, 3, 4].map((n) => node(n));

type State = NonNullable<Endpoint['conditions']>;
/** An IPv4 slice with an endpoint for each of the nodes named. */
const at = (...places: readonly (readonly [string, State?])[]): Stored<EndpointSlice> =>
  storedAs({
    ...slice('web', []),
    endpoints: places.map(([nodeName, conditions = { ready: true }], n) => ({
      addresses: [`10.244.0.${n + 1}`],
      nodeName,
      conditions,
    })),
  });

const routes = (
  ips: readonly string[],
  spec: ServiceSpec,
  slices: readonly Stored<EndpointSlice>[],
  all: readonly Stored<Node>[] = nodes,
): GatewayRoutes => {
  const object = storedAs({
    ...service('web', 1, { type: 'LoadBalancer', ...spec }),
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' })) } },
  });
  return compileRoutes(
    selectAnnouncements(object, slices),
    all.flatMap((each) => selectGateway(each) ?? []),
  );
};
/** Which nodes an IPv4 address leads to over many addresses: all that are candidates. */
const reached = (
  ...args: readonly [ServiceSpec, readonly Stored<EndpointSlice>[], (readonly Stored<Node>[])?]
) => {
  const ips = Array.from({ length: 60 }, (_, n) => `192.0.2.${n + 1}`);
  const vias = toText(routes(ips, ...args)).match(/(?<=via ).*/gm) ?? [];
  return [...new Set(vias)].sort().map((via) => via.replace('172.30.0.1', 'node-'));
};
const local: ServiceSpec = { externalTrafficPolicy: 'Local' };
const going: State = { ready: false, serving: true, terminating: true };

describe('compileRoutes()', () => {
  it('leads each address to one node of its family; different addresses to different ones', () => {
    assert.match(
      toText(routes(['192.0.2.1', '2001:db8::1'], {}, [])),
      /^192\.0\.2\.1\/32 via 172\.30\.0\.1\d\n2001:db8::1\/128 via fd00:172:30::1\d$/,
    );
    assert.deepEqual(reached({}, []), ['node-1', 'node-2', 'node-3', 'node-4']);
  });

  it('leads with Local only to nodes with endpoints: ready ones, else such that still serve', () => {
    assert.deepEqual(reached(local, [at(['node-2'], ['node-3', going])]), ['node-2']);
    assert.deepEqual(reached(local, [at(['node-2', { ready: false }], ['node-3', going])]), ['node-3']);
    const six = storedAs(slice('web', ['fd00::1'], { family: 6 })); // on node-1
    assert.deepEqual(reached(local, [at(['node-2']), six]), ['node-2']);
  });

  it('leads somewhere where no node has endpoints: it is the node that refuses', () => {
    assert.equal(reached(local, []).length, 4);
  });

  it('leaves out nodes that are not ready, excluded or about to go', () => {
    const some = [
      node(1, { isReady: false }),
      node(2, { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': '' } }),
      node(3, { spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler', effect: 'NoSchedule' }] } }),
      node(4),
    ];
    assert.deepEqual(reached({}, [], some), ['node-4']);
    assert.deepEqual(reached({}, [], some.slice(0, 3)), ['node-1']); // silent, but better than none
    assert.deepEqual(reached({}, [], some.slice(1, 3)), []);
  });

  it('moves no address but those of the node that drops out', () => {
    const ips = Array.from({ length: 50 }, (_, n) => `192.0.2.${n + 1}`);
    const before = toText(routes(ips, {}, [])).split('\n');
    const after = new Set(toText(routes(ips, {}, [], nodes.slice(0, 3))).split('\n'));
    const moved = before.filter((line) => !after.has(line));
    assert.ok(moved.length > 0 && moved.every((line) => line.endsWith('172.30.0.14')));
  });

  it('ignores what a load balancer with ipMode Proxy has, and Services of other classes', () => {
    const proxied = storedAs({
      ...service('web', 1, { type: 'LoadBalancer' }),
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'Proxy' }] } },
    });
    assert.deepEqual(selectAnnouncements(proxied, []), []);
    assert.equal(routes(['192.0.2.1'], { loadBalancerClass: 'example.org/lb' }, []).size, 0);
  });
});
