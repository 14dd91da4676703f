// ServiceCIDRs and IPAddresses as users see them: the real API and the controllers, with a clock turned by hand.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createRegistry } from '../../src/apiserver/create-registry.ts';
import { createInProcessClient } from '../../src/apiserver/in-process-client.ts';
import { createKinds } from '../../src/apiserver/kinds/kinds.ts';
import { startInformer } from '../../src/informer/informer.ts';
import type { ServiceSpec } from '../../src/k8s/generated/types.ts';
import { events, ipAddresses, namespaces, serviceCidrs, services } from '../../src/k8s/resources.ts';
import { ipAddressOf } from '../../src/k8s/service-addresses.ts';
import { silentLog } from '../../src/lang/log.ts';
import { startServiceAddresses } from '../../src/service-addresses/service-addresses.ts';
import { createFakeClock } from '../support/fake-clock.ts';

const RANGES = {
  serviceCidrs: ['10.96.0.0/28', 'fd00:10:96::/112'],
  nodePortRange: { first: 30000, last: 32767 },
} as const;

const running: { readonly stop: () => unknown }[] = [];
afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));

const start = async () => {
  const clock = createFakeClock();
  const registry = createRegistry({ kinds: createKinds(RANGES), clock, log: silentLog });
  const client = createInProcessClient(registry, { name: 'test', groups: [] });
  const common = { client, clock, log: silentLog };
  const informers = {
    services: startInformer({ ...common, resource: services }),
    serviceCidrs: startInformer({ ...common, resource: serviceCidrs }),
    ipAddresses: startInformer({ ...common, resource: ipAddresses }),
  };
  running.push(startServiceAddresses({ ...common, ...informers, defaultCidrs: RANGES.serviceCidrs }));
  running.push(...Object.values(informers));
  await client.create(namespaces, { metadata: { name: 'default' } });
  const settle = (): Promise<void> => clock.advance(1000);
  await settle();
  return {
    client,
    clock,
    settle,
    service: (name: string, spec: ServiceSpec = {}) =>
      client.create(services, {
        metadata: { name, namespace: 'default' },
        spec: { ports: [{ port: 80 }], ...spec },
      }),
    range: (name: string, ...cidrs: readonly string[]) =>
      client.create(serviceCidrs, { metadata: { name }, spec: { cidrs } }),
    addresses: async (): Promise<readonly string[]> =>
      (await client.list(ipAddresses)).items.map(
        ({ metadata, spec }) => `${metadata.name} ${spec.parentRef.resource}/${spec.parentRef.name}`,
      ),
    readiness: async (): Promise<readonly string[]> =>
      (await client.list(serviceCidrs)).items.map(({ metadata, status }) => {
        const ready = status?.conditions?.find(({ type }) => type === 'Ready');
        return `${metadata.name} ${ready?.status} ${ready?.reason}`;
      }),
    told: async (): Promise<readonly string[]> =>
      (await client.list(events)).items.map(
        ({ reason, involvedObject }) => `${involvedObject.kind}/${involvedObject.name} ${reason}`,
      ),
  };
};

const NAMES = { namespace: 'default' } as const;

describe('ServiceCIDRs', () => {
  it('the default is there from the start, Ready, kept by a finalizer, and comes back', async () => {
    const { client, settle, readiness } = await start();
    assert.deepEqual(await readiness(), ['kubernetes True ']);
    const { metadata, spec } = await client.get(serviceCidrs, { name: 'kubernetes' });
    assert.deepEqual(metadata.finalizers, ['networking.k8s.io/service-cidr-finalizer']);
    assert.deepEqual(spec?.cidrs, RANGES.serviceCidrs);
    await client.delete(serviceCidrs, { name: 'kubernetes' });
    await settle();
    const again = await client.get(serviceCidrs, { name: 'kubernetes' });
    assert.notEqual(again.metadata.uid, metadata.uid);
    assert.deepEqual(await readiness(), ['kubernetes True ']);
  });

  it('a second one gives addresses when the first is full', async () => {
    const { service, range } = await start();
    for (let i = 1; i <= 14; i++) await service(`a${i}`);
    await assert.rejects(service('b'), /failed to allocate a serviceIP: range is full/);
    await range('more', '10.100.0.0/24');
    const { spec } = await service('b');
    assert.match(spec!.clusterIP!, /^10\.100\.0\.\d+$/);
    assert.equal((await service('c', { clusterIP: '10.100.0.9' })).spec?.clusterIP, '10.100.0.9');
    await assert.rejects(
      service('d', { clusterIP: '10.101.0.1' }),
      /failed to allocate IP 10\.101\.0\.1: the provided network does not match the current range/,
    );
  });

  it('one in use stays until its addresses are gone or covered, and gives no more of them', async () => {
    const { client, settle, service, range, readiness } = await start();
    await range('more', '10.100.0.0/24');
    await service('a', { clusterIP: '10.100.0.1' });
    await service('b', { clusterIP: '10.100.0.2' });
    await settle();
    await client.delete(serviceCidrs, { name: 'more' });
    await settle();
    assert.deepEqual(await readiness(), ['kubernetes True ', 'more False Terminating']);
    await assert.rejects(service('c', { clusterIP: '10.100.0.3' }), /does not match the current range/);
    await client.delete(services, { name: 'a', ...NAMES });
    await settle();
    assert.deepEqual(await readiness(), ['kubernetes True ', 'more False Terminating']);
    await range('wide', '10.100.0.0/16');
    await settle();
    assert.deepEqual(await readiness(), ['kubernetes True ', 'wide True ']);
    await client.delete(services, { name: 'b', ...NAMES });
    await client.delete(serviceCidrs, { name: 'wide' });
    await settle();
    assert.deepEqual(await readiness(), ['kubernetes True ']);
  });
});

describe('IPAddresses', () => {
  it('come and go with their Service, without a complaint', async () => {
    const { client, settle, service, addresses, told } = await start();
    const ips = ['10.96.0.5', 'fd00:10:96::5'];
    const created = await service('web', {
      clusterIP: ips[0]!,
      clusterIPs: ips,
      ipFamilyPolicy: 'RequireDualStack',
    });
    assert.deepEqual(
      await addresses(),
      ips.map((ip) => `${ip} services/web`),
    );
    const spec = { ...created.spec, ipFamilyPolicy: 'SingleStack' };
    await client.update(services, { ...created, spec });
    assert.deepEqual(await addresses(), ['10.96.0.5 services/web']);
    await client.delete(services, { name: 'web', ...NAMES });
    assert.deepEqual(await addresses(), []);
    await settle();
    assert.deepEqual(await told(), []);
  });

  it('none are made by a dry run', async () => {
    const kinds = createKinds(RANGES);
    const registry = createRegistry({ kinds, clock: createFakeClock(), log: silentLog });
    const kindOf = (kind: string) => kinds.find(({ resource }) => resource.kind === kind)!;
    const context = {
      user: { name: 'test', groups: [] },
      dryRun: false,
      fieldManager: '',
      fieldValidation: 'Strict',
      decodingErrors: [],
      warn: () => {},
    } as const;
    await registry.create(kindOf('Namespace'), undefined, { metadata: { name: 'default' } }, context);
    const draft = { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } };
    const dry = await registry.create(kindOf('Service'), 'default', draft, { ...context, dryRun: true });
    assert.match((dry as { spec?: ServiceSpec }).spec!.clusterIP!, /^10\.96\.0\./);
    assert.deepEqual(registry.list(kindOf('IPAddress'), {}).items, []);
  });

  it('of users keep their address from Services', async () => {
    const { client, settle, service, addresses } = await start();
    const parentRef = { group: 'example.com', resource: 'gateways', name: 'g' };
    await client.create(ipAddresses, { metadata: { name: '10.96.0.5' }, spec: { parentRef } });
    await assert.rejects(service('web', { clusterIP: '10.96.0.5' }), /provided IP is already allocated/);
    await settle();
    assert.deepEqual(await addresses(), ['10.96.0.5 gateways/g']);
  });

  it('that are lost are made again', async () => {
    const { client, settle, service, addresses, told } = await start();
    await service('web', { clusterIP: '10.96.0.5' });
    await settle();
    await client.delete(ipAddresses, { name: '10.96.0.5' });
    await settle();
    assert.deepEqual(await addresses(), ['10.96.0.5 services/web']);
    assert.deepEqual(await told(), ['Service/web ClusterIPNotAllocated']);
  });

  it('that belong to no Service go after a minute', async () => {
    const { client, clock, settle, addresses, told } = await start();
    const absent = { metadata: { name: 'absent', namespace: 'default' } };
    await client.create(ipAddresses, ipAddressOf('10.96.0.7', absent));
    await settle();
    assert.deepEqual(await addresses(), ['10.96.0.7 services/absent']);
    await clock.advance(60_000);
    await settle();
    assert.deepEqual(await addresses(), []);
    assert.deepEqual(await told(), ['IPAddress/10.96.0.7 IPAddressNotAllocated']);
  });
});
