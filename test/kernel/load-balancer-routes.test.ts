// The host's routes to load balancers' addresses, from API objects to the kernel.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startInformer } from '../../src/informer/informer.ts';
import { parsePrefix } from '../../src/ip/prefix.ts';
import type { Node, Service } from '../../src/k8s/generated/types.ts';
import * as resources from '../../src/k8s/resources.ts';
import { createNetns, deleteNetns, withNetns } from '../../src/kernel/netns.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { loadBalancerIndexes } from '../../src/loadbalancer/load-balancers.ts';
import { startAnnouncer } from '../../src/loadbalancer/routes/announcer.ts';
import { createFakeClient } from '../support/fake-client.ts';
import { nodeOf } from '../support/object-builders.ts';
import { eventually } from '../support/poll.ts';
import { service, slice } from '../support/service-objects.ts';
import { runOk } from '../support/test-cluster.ts';

const NETNS = 'podnet-test-lb-routes';
const IPS = ['192.0.2.1', '2001:db8::1'] as const;

const ip = (...args: readonly string[]): Promise<string> => runOk('ip', ['-n', NETNS, ...args]);
/** podnet's routes on the link to the nodes, each as its destination and gateway. */
const routes = async (): Promise<readonly string[]> =>
  [
    await ip('route', 'show', 'proto', '112', 'dev', 'nodes'),
    await ip('-6', 'route', 'show', 'proto', '112', 'dev', 'nodes'),
  ]
    .flatMap((text) => [...text.matchAll(/^(\S+ via \S+)/gm)])
    .map(([line]) => line);
const settles = (wanted: readonly string[]): Promise<unknown> =>
  eventually(`routes are ${wanted.join(', ')}`, async () => {
    assert.deepEqual(await routes(), wanted);
    return true;
  });
const via = (n: number): readonly string[] => [
  `${IPS[0]} via 172.30.0.1${n}`,
  `${IPS[1]} via fd00:172:30::1${n}`,
];

const node = (n: number, status = 'True'): Node => ({
  ...nodeOf(`node-${n}`),
  status: {
    conditions: [{ type: 'Ready', status }],
    addresses: [`172.30.0.1${n}`, `fd00:172:30::1${n}`].map((address) => ({ type: 'InternalIP', address })),
  },
});
const balanced = (ips: readonly string[], externalTrafficPolicy = 'Cluster'): Service => ({
  ...service('web', 1, { type: 'LoadBalancer', externalTrafficPolicy }),
  status: { loadBalancer: { ingress: ips.map((address) => ({ ip: address, ipMode: 'VIP' })) } },
});

describe('startAnnouncer()', () => {
  let client = createFakeClient();
  let netns: string;
  before(async () => {
    deleteNetns(NETNS);
    netns = createNetns(NETNS);
    for (const [link, n] of [
      ['nodes', 0],
      ['other', 1],
    ] as const) {
      await ip('link', 'add', link, 'type', 'bridge');
      await ip('link', 'set', link, 'up');
      await ip('address', 'add', `172.30.${n}.1/24`, 'dev', link);
      await ip('address', 'add', `fd00:172:30:${n}::1/64`, 'dev', link, 'nodad');
    }
  });
  after(() => deleteNetns(NETNS));
  beforeEach(() => (client = createFakeClient()));

  const start = async () => {
    const common = { client, clock, log };
    const informers = {
      services: startInformer({
        ...common,
        resource: resources.services,
        indexes: loadBalancerIndexes.services,
      }),
      endpointSlices: startInformer({
        ...common,
        resource: resources.endpointSlices,
        indexes: loadBalancerIndexes.endpointSlices,
      }),
      nodes: startInformer({ ...common, resource: resources.nodes }),
    };
    await Promise.all(Object.values(informers).map((each) => each.whenSynced()));
    const pools = ['192.0.2.0/24', '2001:db8::/64'].map((pool) => parsePrefix(pool)!);
    const announcer = withNetns(netns, () =>
      startAnnouncer({ ...common, ...informers, pools, linkName: 'nodes' }),
    );
    return async () => {
      await announcer.stop();
      for (const informer of Object.values(informers)) informer.stop();
    };
  };

  it('leads addresses to a node that is ready, as long as the Service has them', async () => {
    for (const n of [1, 2]) client.put(resources.nodes, node(n, n === 1 ? 'True' : 'False'));
    const stop = await start();
    client.put(resources.services, balanced(IPS));
    await settles(via(1));
    client.put(resources.nodes, node(2));
    client.put(resources.nodes, node(1, 'Unknown'));
    await settles(via(2));
    client.put(resources.services, balanced([IPS[1]]));
    await settles(via(2).slice(1));
    client.remove(resources.services, 'ns/web');
    await settles([]);
    await stop();
  });

  it('follows the endpoints with externalTrafficPolicy Local', async () => {
    for (const n of [1, 2]) client.put(resources.nodes, node(n));
    client.put(resources.services, balanced([IPS[0]], 'Local'));
    const stop = await start();
    for (const n of [1, 2, 1]) {
      client.put(
        resources.endpointSlices,
        slice('web', ['10.244.0.1'], { endpoint: { nodeName: `node-${n}` } }),
      );
      await settles(via(n).slice(0, 1));
    }
    await stop();
  });

  it('finds again what an earlier one left, takes stale routes away, and no one else’s', async () => {
    client.put(resources.nodes, node(1));
    client.put(resources.services, balanced(IPS));
    await (
      await start()
    )();
    await ip('route', 'add', '192.0.2.9/32', 'via', '172.30.0.12', 'dev', 'nodes', 'proto', '112');
    await ip('route', 'add', '192.0.2.10/32', 'via', '172.30.0.12', 'dev', 'nodes', 'proto', 'static');
    await ip('route', 'add', '192.0.2.11/32', 'via', '172.30.1.12', 'dev', 'other', 'proto', '112');
    await ip('route', 'delete', `${IPS[0]}/32`);
    const stop = await start();
    await settles(via(1));
    assert.match(await ip('route'), /^192\.0\.2\.10 via .*^192\.0\.2\.11 via/ms);
    await stop();
    await settles(via(1)); // the end of the program is not the end of the routes
  });

  it('leads nowhere by an address that is in no pool, whatever a status says', async () => {
    client.put(resources.nodes, node(1));
    client.put(resources.services, balanced(['203.0.113.1', IPS[0]]));
    const stop = await start();
    await settles(via(1).slice(0, 1));
    await stop();
  });
});
