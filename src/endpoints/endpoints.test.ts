import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { nodeOf, podOf } from '../../test/support/object-builders.ts';
import { startInformer } from '../informer/informer.ts';
import type { Endpoints, Pod, Service, ServiceSpec } from '../k8s/generated/types.ts';
import * as resources from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { endpointIndexes, startEndpoints } from './endpoints.ts';
import { toText } from './state.ts';

const running: { stop: () => unknown }[] = [];
afterEach(() => running.splice(0).forEach((each) => void each.stop()));

/** The controllers over an API in memory in which node-1 is. */
const start = (client = createFakeClient()) => {
  const clock = createFakeClock();
  client.put(resources.nodes, nodeOf('node-1', { labels: { 'topology.kubernetes.io/zone': 'a' } }));
  const shared = { client, clock, log: silentLog };
  const informers = {
    services: startInformer({ ...shared, resource: resources.services, indexes: endpointIndexes.services }),
    pods: startInformer({ ...shared, resource: resources.pods, indexes: endpointIndexes.pods }),
    nodes: startInformer({ ...shared, resource: resources.nodes }),
    endpointSlices: startInformer({
      ...shared,
      resource: resources.endpointSlices,
      indexes: endpointIndexes.endpointSlices,
    }),
    endpoints: startInformer({ ...shared, resource: resources.endpoints }),
  };
  const controllers = startEndpoints({ ...shared, ...informers });
  running.push(controllers, ...Object.values(informers));
  const idle = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await clock.advance(100);
    await settle();
  };
  return { client, idle };
};
type Client = ReturnType<typeof createFakeClient>;

const service = (spec: ServiceSpec = {}): Service => ({
  metadata: { name: 'web', namespace: 'ns', labels: { app: 'web' } },
  spec: {
    clusterIP: '10.96.0.10',
    ipFamilies: ['IPv4'],
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    ...spec,
  },
});
const pod = (n: number, isReady = true, app = 'web'): Pod => ({
  ...podOf(`pod-${n}`, { nodeName: 'node-1' }, { app, tier: 'front' }),
  status: {
    phase: 'Running',
    podIPs: [{ ip: `10.244.0.${n}` }],
    conditions: [
      {
        type: 'Ready',
        status: isReady ? 'True' : 'False',
        lastTransitionTime: `2026-01-01T00:00:${10 + (n % 50)}Z`,
      },
    ],
  },
});
const slices = (client: Client): string =>
  toText(client.all(resources.endpointSlices)).replaceAll(' zone=a', '');
const subsets = ({ subsets: all = [] }: Endpoints): string =>
  all
    .map(({ addresses = [], notReadyAddresses = [], ports = [] }) => {
      const list = (some: typeof addresses) => some.map(({ ip }) => ip).join();
      return `${list(addresses)}|${list(notReadyAddresses)}|${ports.map(({ port }) => port).join()}`;
    })
    .join('\n');

describe('startEndpoints()', () => {
  it('follows pods that come, become ready, change their labels and go', async () => {
    const { client, idle } = start();
    client.put(resources.services, service());
    client.put(resources.pods, pod(1, false));
    await idle();
    assert.equal(slices(client), 'IPv4 http:8080/TCP 10.244.0.1 unready');
    client.put(resources.pods, pod(1));
    client.put(resources.pods, pod(2));
    await idle();
    assert.equal(slices(client), 'IPv4 http:8080/TCP 10.244.0.1 ready\nIPv4 http:8080/TCP 10.244.0.2 ready');
    client.put(resources.pods, pod(2, true, 'other'));
    await idle();
    assert.equal(slices(client), 'IPv4 http:8080/TCP 10.244.0.1 ready');
    client.remove(resources.pods, 'ns/pod-1');
    await idle();
    assert.equal(slices(client), '');
    assert.equal(client.all(resources.endpointSlices).length, 1);
  });

  it('writes the Endpoints object too, and deletes it with its Service', async () => {
    const { client, idle } = start();
    client.put(resources.services, service());
    client.put(resources.pods, pod(2));
    client.put(resources.pods, pod(10));
    client.put(resources.pods, pod(3, false));
    await idle();
    const [endpoints] = client.all(resources.endpoints);
    assert.equal(subsets(endpoints!), '10.244.0.2,10.244.0.10|10.244.0.3|8080');
    assert.equal(endpoints!.metadata.labels?.['endpoints.kubernetes.io/managed-by'], 'endpoint-controller');
    client.remove(resources.services, 'ns/web');
    await idle();
    assert.deepEqual(client.all(resources.endpoints), []);
  });

  it('writes nothing for changes that no endpoint shows', async () => {
    const { client, idle } = start();
    client.put(resources.services, service());
    client.put(resources.pods, pod(1));
    await idle();
    const writes = client.calls.length;
    client.put(resources.pods, { ...pod(1), metadata: { ...pod(1).metadata, annotations: { a: 'b' } } });
    client.put(resources.services, service());
    await idle();
    assert.deepEqual(client.calls.slice(writes), []);
  });

  it('says when the change happened that it answers to', async () => {
    const { client, idle } = start();
    client.put(resources.services, service());
    await idle();
    client.put(resources.pods, pod(7));
    await idle();
    const [slice] = client.all(resources.endpointSlices);
    assert.equal(
      slice!.metadata.annotations?.['endpoints.kubernetes.io/last-change-trigger-time'],
      '2026-01-01T00:00:17Z',
    );
  });

  it('puts slices right that someone else changes or deletes', async () => {
    const { client, idle } = start();
    client.put(resources.services, service());
    client.put(resources.pods, pod(1));
    await idle();
    const [slice] = client.all(resources.endpointSlices);
    client.put(resources.endpointSlices, { ...slice!, endpoints: [] });
    await idle();
    assert.match(slices(client), /10\.244\.0\.1/);
    client.remove(resources.endpointSlices, `ns/${client.all(resources.endpointSlices)[0]!.metadata.name}`);
    await idle();
    assert.match(slices(client), /10\.244\.0\.1/);
  });

  it('leaves a Service without selector to its user, and mirrors the Endpoints that he writes', async () => {
    const { client, idle } = start();
    client.put(resources.services, service({ selector: undefined }));
    const byHand: Endpoints = {
      metadata: { name: 'web', namespace: 'ns' },
      subsets: [
        { addresses: [{ ip: '192.0.2.1' }], notReadyAddresses: [{ ip: '192.0.2.2' }], ports: [{ port: 99 }] },
      ],
    };
    client.put(resources.endpoints, byHand);
    await idle();
    assert.equal(slices(client), 'IPv4 99/TCP 192.0.2.1 ready\nIPv4 99/TCP 192.0.2.2 unready');
    assert.equal(subsets(client.all(resources.endpoints)[0]!), '192.0.2.1|192.0.2.2|99');
    client.put(resources.services, service());
    await idle();
    assert.equal(slices(client), '');
  });

  it('takes up a pod when its node appears', async () => {
    const client = createFakeClient();
    const { idle } = start(client);
    client.remove(resources.nodes, 'node-1');
    client.put(resources.services, service());
    client.put(resources.pods, pod(1));
    await idle();
    assert.equal(slices(client), '');
    client.put(resources.nodes, nodeOf('node-1'));
    await idle();
    assert.match(slices(client), /10\.244\.0\.1 ready/);
  });

  it('hints in proportion to the zones with topology mode Auto, before trafficDistribution, and says so', async () => {
    const { client, idle } = start();
    const zoned = (name: string, zone: string, cpu: string) =>
      nodeOf(name, { labels: { 'topology.kubernetes.io/zone': zone }, allocatable: { cpu } });
    client.put(resources.nodes, zoned('node-2', 'b', '4'));
    for (let n = 1; n <= 4; n++) {
      const object = pod(n);
      client.put(resources.pods, {
        ...object,
        spec: { ...object.spec!, nodeName: n < 4 ? 'node-1' : 'node-2' },
      });
    }
    client.put(resources.pods, pod(5, false));
    const auto = service({ trafficDistribution: 'PreferSameNode' });
    const annotations = { 'service.kubernetes.io/topology-mode': 'Auto' };
    client.put(resources.services, { ...auto, metadata: { ...auto.metadata, annotations } });
    const hints = async (): Promise<readonly string[]> => {
      await idle();
      return client
        .all(resources.endpointSlices)
        .flatMap(({ endpoints }) => endpoints ?? [])
        .map((each) => {
          const zone = each.hints?.forZones?.map(({ name }) => name).join() ?? '-';
          return `${each.addresses[0]} ${zone}${each.hints?.forNodes ? ' for nodes' : ''}`;
        })
        .sort();
    };
    const told = (): readonly string[] =>
      client
        .all(resources.events)
        .map(({ type, reason, message, count }) => `${count} ${type} ${reason}: ${message}`);
    const two = ['10.244.0.1 b', '10.244.0.2 a', '10.244.0.3 a', '10.244.0.4 b', '10.244.0.5 -'];
    assert.deepEqual(await hints(), two);
    const enabled =
      'Normal TopologyAwareHintsEnabled: Topology Aware Hints has been enabled, addressType: IPv4';
    assert.deepEqual(told(), [`1 ${enabled}`]);

    client.put(resources.nodes, zoned('node-3', 'c', '4')); // four endpoints for three zones
    assert.deepEqual(
      (await hints()).map((line) => line.slice(-1)),
      ['-', '-', '-', '-', '-'],
    );
    assert.match(
      told()[1]!,
      /^1 Warning TopologyAwareHintsDisabled: Unable to allocate .*, addressType: IPv4$/,
    );
    client.remove(resources.nodes, 'node-3');
    assert.deepEqual(await hints(), two);
    assert.equal(told()[0], `2 ${enabled}`);

    client.put(resources.services, auto); // and now trafficDistribution counts
    assert.ok((await hints()).slice(0, 4).every((line) => /^\S+ [ab] for nodes$/.test(line)));
    assert.match(
      told().at(-1)!,
      /^1 Warning TopologyAwareHintsDisabled: .* has been disabled, addressType: IPv4$/,
    );
  });

  it('ends as a fresh start would, whatever happened in whatever order', async () => {
    const n = fc.integer({ min: 1, max: 4 });
    const step = fc.oneof(
      fc.tuple(fc.constant('pod' as const), n, fc.boolean(), fc.constantFrom('web', 'other')),
      fc.tuple(fc.constant('remove' as const), n),
      fc.tuple(fc.constant('service' as const), fc.constantFrom('web', 'other')),
      fc.tuple(fc.constant('no service' as const)),
      fc.tuple(fc.constant('idle' as const)),
    );
    const has = (client: Client, name: string): boolean =>
      client.all(resources.pods).some(({ metadata }) => metadata.name === name);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const { client, idle } = start();
        for (const each of steps) {
          if (each[0] === 'pod') client.put(resources.pods, pod(each[1], each[2], each[3]));
          if (each[0] === 'remove' && has(client, `pod-${each[1]}`))
            client.remove(resources.pods, `ns/pod-${each[1]}`);
          if (each[0] === 'service') client.put(resources.services, service({ selector: { app: each[1] } }));
          if (each[0] === 'no service' && client.all(resources.services).length > 0)
            client.remove(resources.services, 'ns/web');
          if (each[0] === 'idle') await idle();
        }
        await idle();
        const fresh = start();
        for (const each of client.all(resources.pods)) fresh.client.put(resources.pods, each);
        for (const each of client.all(resources.services)) fresh.client.put(resources.services, each);
        await fresh.idle();
        const uids = new Set(client.all(resources.services).map(({ metadata }) => metadata.uid));
        // what a former Service left is the garbage collector's, which is not here
        const own = client
          .all(resources.endpointSlices)
          .filter(({ metadata }) => uids.has(metadata.ownerReferences![0]!.uid));
        assert.equal(toText(own).replaceAll(' zone=a', ''), slices(fresh.client));
        assert.deepEqual(
          client.all(resources.endpoints).map(subsets),
          fresh.client.all(resources.endpoints).map(subsets),
        );
        running.splice(0).forEach((controller) => void controller.stop());
      }),
      { numRuns: 40 },
    );
  });
});
