// The routes between nodes, from Node objects to packets.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startInformer } from '../../src/informer/informer.ts';
import type { Informer } from '../../src/informer/informer.ts';
import type { Node } from '../../src/k8s/generated/types.ts';
import { nodes as nodeResource } from '../../src/k8s/resources.ts';
import { createNetns, deleteNetns, withNetns } from '../../src/kernel/netns.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { startNodeRoutes } from '../../src/podnetwork/node-routes.ts';
import { createFakeClient } from '../support/fake-client.ts';
import { eventually } from '../support/poll.ts';
import { runOk } from '../support/test-cluster.ts';

const NETNS = 'podnet-test-node-routes';

const node = (n: number, podCidrs = [`10.244.${n}.0/24`, `fd00:10:244:${n}::/64`]): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: `node-${n}` },
  spec: { podCIDR: podCidrs[0], podCIDRs: podCidrs },
  status: {
    addresses: [
      { type: 'InternalIP', address: `172.30.0.1${n}` },
      { type: 'InternalIP', address: `fd00:172:30::1${n}` },
      { type: 'Hostname', address: `node-${n}` },
    ],
  },
});

const ip = (...args: readonly string[]): Promise<string> => runOk('ip', ['-n', NETNS, ...args]);

/** podnet's routes, each as its destination and gateway. */
const routes = async (): Promise<readonly string[]> =>
  [await ip('route', 'show', 'proto', '112'), await ip('-6', 'route', 'show', 'proto', '112')]
    .flatMap((text) => [...text.matchAll(/^(\S+ via \S+)/gm)])
    .map(([line]) => line);

const settles = (wanted: readonly string[]): Promise<unknown> =>
  eventually(`routes are ${wanted.join(', ')}`, async () => {
    assert.deepEqual(await routes(), wanted);
    return true;
  });

const viaNode = (n: number): readonly [string, string] => [
  `10.244.${n}.0/24 via 172.30.0.1${n}`,
  `fd00:10:244:${n}::/64 via fd00:172:30::1${n}`,
];

describe('startNodeRoutes()', () => {
  const client = createFakeClient();
  let informer: Informer<Node>;
  const start = () => {
    informer = startInformer({ client, resource: nodeResource, clock, log });
    return withNetns(createdNetns, () =>
      startNodeRoutes({ nodeName: 'node-1', nodes: informer, clock, log }),
    );
  };
  let createdNetns: string;
  before(async () => {
    deleteNetns(NETNS);
    createdNetns = createNetns(NETNS);
    await ip('link', 'add', 'eth0', 'type', 'bridge');
    await ip('link', 'set', 'eth0', 'up');
    await ip('address', 'add', '172.30.0.11/24', 'dev', 'eth0');
    await ip('address', 'add', 'fd00:172:30::11/64', 'dev', 'eth0', 'nodad');
  });
  after(() => deleteNetns(NETNS));

  it('routes the other nodes’ pod CIDRs, follows changes, and leaves others’ routes alone', async () => {
    await ip('route', 'add', '10.99.0.0/16', 'via', '172.30.0.99');
    for (const n of [1, 2, 3]) client.put(nodeResource, node(n));
    const feature = start();
    await feature.whenIdle();
    await settles([viaNode(2)[0], viaNode(3)[0], viaNode(2)[1], viaNode(3)[1]]);
    client.put(nodeResource, node(3, ['10.244.33.0/24']));
    client.remove(nodeResource, 'node-2');
    await settles(['10.244.33.0/24 via 172.30.0.13']);
    assert.match(await ip('route'), /10\.99\.0\.0\/16 via 172\.30\.0\.99/);
    await feature.stop();
    informer.stop();
  });

  it('a new process takes over what it finds: stale routes go, but not before the first list', async () => {
    client.put(nodeResource, node(2));
    client.failNext('list', new Error('the API server is away'));
    const feature = start();
    assert.deepEqual(await routes(), ['10.244.33.0/24 via 172.30.0.13']);
    client.remove(nodeResource, 'node-3');
    await settles(viaNode(2));
    await feature.stop();
    informer.stop();
    assert.deepEqual(await routes(), viaNode(2), 'routes outlive the process');
  });

  it('a node whose address is on no link does not stop the others, and is tried again', async () => {
    client.put(nodeResource, {
      ...node(4),
      status: { addresses: [{ type: 'InternalIP', address: '192.168.7.7' }] },
    });
    client.put(nodeResource, node(3));
    const feature = start();
    await settles([viaNode(2)[0], viaNode(3)[0], viaNode(2)[1], viaNode(3)[1]]);
    await ip('address', 'add', '192.168.7.1/24', 'dev', 'eth0');
    await eventually('the route comes when the gateway is on a link', async () =>
      (await routes()).includes('10.244.4.0/24 via 192.168.7.7'),
    );
    await feature.stop();
    informer.stop();
  });
});
