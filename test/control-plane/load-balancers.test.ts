// Services of type LoadBalancer as users see them: the real API and the controller, with a clock turned by hand.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createRegistry } from '../../src/apiserver/create-registry.ts';
import { createInProcessClient } from '../../src/apiserver/in-process-client.ts';
import { createKinds } from '../../src/apiserver/kinds/kinds.ts';
import { startInformer } from '../../src/informer/informer.ts';
import { parsePrefix } from '../../src/ip/prefix.ts';
import type { ServiceSpec } from '../../src/k8s/generated/types.ts';
import { endpointSlices, events, namespaces, nodes, services } from '../../src/k8s/resources.ts';
import { silentLog } from '../../src/lang/log.ts';
import { startAddressController } from '../../src/loadbalancer/addresses/controller.ts';
import { loadBalancerIndexes } from '../../src/loadbalancer/load-balancers.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const RANGES = {
  serviceCidrs: ['10.96.0.0/24', 'fd00:10:96::/112'],
  nodePortRange: { first: 30000, last: 32767 },
} as const;
const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';
const both: ServiceSpec = { ipFamilyPolicy: 'RequireDualStack' };
const type = 'LoadBalancer';

const running: { readonly stop: () => unknown }[] = [];
afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

const start = async (...pools: readonly string[]) => {
  const clock = createFakeClock();
  const registry = createRegistry({ kinds: createKinds(RANGES), clock, log: silentLog });
  const client = createInProcessClient(registry, { name: 'test', groups: [] });
  await client.create(namespaces, { metadata: { name: 'default' } });
  const settle = (): Promise<void> => clock.advance(1000);
  const startController = async () => {
    const common = { client, clock, log: silentLog };
    const informers = {
      services: startInformer({ ...common, resource: services, indexes: loadBalancerIndexes.services }),
      endpointSlices: startInformer({ ...common, resource: endpointSlices }),
      nodes: startInformer({ ...common, resource: nodes }),
    };
    await Promise.all(Object.values(informers).map((each) => each.whenSynced()));
    const prefixes = pools.map((pool) => parsePrefix(pool)!);
    const controller = startAddressController({ ...common, ...informers, pools: prefixes, linkName: '' });
    running.push(controller, ...Object.values(informers));
    await settle();
    return controller;
  };
  const ref = (name: string) => ({ name, namespace: 'default' });
  return {
    client,
    settle,
    ref,
    startController,
    create: async (name: string, spec: ServiceSpec = { type }) => {
      await client.create(services, { metadata: ref(name), spec: { ports: [{ port: 80 }], ...spec } });
      await settle();
    },
    patch: async (name: string, spec: object) => {
      const merge = { type: 'application/merge-patch+json' } as const;
      await client.patch(services, ref(name), { spec }, merge);
      await settle();
    },
    remove: async (name: string) => {
      await client.delete(services, ref(name));
      await settle();
    },
    /** `web 192.0.2.1,2001:db8::1 kept`: its addresses, and whether it has the finalizer. */
    state: async (): Promise<readonly string[]> =>
      (await client.list(services)).items.map(({ metadata, status }) => {
        const ips = (status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip).join();
        return [
          metadata.name,
          ips || '-',
          ...(metadata.finalizers?.includes(FINALIZER) ? ['kept'] : []),
        ].join(' ');
      }),
    told: async (name: string): Promise<readonly string[]> =>
      (await client.list(events)).items
        .filter(({ involvedObject }) => involvedObject.name === name)
        .map(({ source, reason, count }) => `${source?.component} ${reason} ${count}`),
  };
};
const [V4, V6] = ['192.0.2.0/30', '2001:db8::/126'];

describe('the load balancer controller', () => {
  it('gives addresses of both families, keeps the Service by its finalizer, and lets it go', async () => {
    const lab = await start(V4, V6);
    await lab.startController();
    await lab.create('web', { type, ...both });
    assert.deepEqual(await lab.state(), ['web 192.0.2.1,2001:db8::1 kept']);
    const { status } = await lab.client.get(services, lab.ref('web'));
    assert.deepEqual(
      status?.loadBalancer?.ingress?.map(({ ipMode }) => ipMode),
      ['VIP', 'VIP'],
    );
    assert.deepEqual(await lab.told('web'), [
      'service-controller EnsuringLoadBalancer 1',
      'service-controller EnsuredLoadBalancer 1',
    ]);
    await lab.remove('web');
    assert.deepEqual(await lab.state(), []);
    assert.deepEqual((await lab.told('web')).slice(2), [
      'service-controller DeletingLoadBalancer 1',
      'service-controller DeletedLoadBalancer 1',
    ]);
  });

  it('takes the address back with the type, and gives one again', async () => {
    const lab = await start(V4);
    await lab.startController();
    await lab.create('web');
    await lab.patch('web', { type: 'ClusterIP' });
    assert.deepEqual(await lab.state(), ['web -']);
    await lab.patch('web', { type });
    assert.deepEqual(await lab.state(), ['web 192.0.2.1 kept']);
  });

  it('has Services wait when the pool is empty, says so once, and serves the eldest when one goes', async () => {
    const lab = await start(V4);
    await lab.startController();
    for (const name of ['a', 'b', 'c', 'd']) await lab.create(name);
    assert.deepEqual(await lab.state(), ['a 192.0.2.1 kept', 'b 192.0.2.2 kept', 'c - kept', 'd - kept']);
    assert.deepEqual(await lab.told('c'), ['service-controller SyncLoadBalancerFailed 1']);
    await lab.remove('b');
    assert.deepEqual(await lab.state(), ['a 192.0.2.1 kept', 'c 192.0.2.2 kept', 'd - kept']);
    await lab.remove('d'); // one that never had an address goes as well
    assert.deepEqual(await lab.state(), ['a 192.0.2.1 kept', 'c 192.0.2.2 kept']);
  });

  it('follows loadBalancerIP as far as it can', async () => {
    const lab = await start(V4);
    await lab.startController();
    await lab.create('web', { type, loadBalancerIP: '192.0.2.2' });
    await lab.create('other', { type, loadBalancerIP: '192.0.2.2' });
    assert.deepEqual(await lab.state(), ['other - kept', 'web 192.0.2.2 kept']);
    await lab.patch('web', { loadBalancerIP: '192.0.2.1' });
    assert.deepEqual(await lab.state(), ['other 192.0.2.2 kept', 'web 192.0.2.1 kept']);
  });

  it('gives many that come at once an address each', async () => {
    const lab = await start('198.51.100.0/24');
    await lab.startController();
    const names = Array.from({ length: 40 }, (_, n) => `s${n}`);
    await Promise.all(names.map((name) => lab.create(name)));
    const ips = (await lab.state()).map((line) => line.split(' ')[1]!);
    assert.equal(new Set(ips).size, 40);
    assert.ok(!ips.includes('-'));
  });

  it('leaves other classes alone, and puts back what others wrote over its own', async () => {
    const lab = await start(V4);
    await lab.startController();
    await lab.create('other', { type, loadBalancerClass: 'example.org/lb' });
    await lab.create('own', { type, loadBalancerClass: 'podnet.dev/load-balancer' });
    assert.deepEqual(await lab.state(), ['other -', 'own 192.0.2.1 kept']);
    const own = await lab.client.get(services, lab.ref('own'));
    const ingress = [{ ip: '203.0.113.9', ipMode: 'VIP' }];
    await lab.client.updateStatus(services, { ...own, status: { loadBalancer: { ingress } } });
    await lab.settle();
    assert.deepEqual(await lab.state(), ['other -', 'own 192.0.2.1 kept']);
  });

  it('knows after an end what it gave, and finishes what was deleted meanwhile', async () => {
    const lab = await start(V4);
    const first = await lab.startController();
    await lab.create('gone');
    await lab.create('stays');
    await first.stop();
    await lab.remove('gone');
    await lab.create('comes');
    assert.deepEqual(await lab.state(), ['comes -', 'gone 192.0.2.1 kept', 'stays 192.0.2.2 kept']);
    await lab.startController();
    assert.deepEqual(await lab.state(), ['comes 192.0.2.1 kept', 'stays 192.0.2.2 kept']);
  });
});
