// The proxy behind real informers whose watches replay, drop and reorder, with objects as bad as they come: when the
// watches are well again the kernel has what a fresh start would give it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FakeClient, createFakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { createFakeNft } from '../../test/support/fake-nft.ts';
import { FAULTS, type Fault, withFaultyWatches } from '../../test/support/faulty-watch.ts';
import { service } from '../../test/support/service-objects.ts';
import type { ApiClient } from '../client/client.ts';
import { startInformer, whenAllSynced } from '../informer/informer.ts';
import type { EndpointSlice, Service, ServiceSpec } from '../k8s/generated/types.ts';
import { endpointSlices, services } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import { followServices } from './follow.ts';
import { sliceIndexes } from './service-proxy.ts';
import { ServiceSync } from './service-sync.ts';
import { SyncMeter } from './sync-meter.ts';

/** What the proxy has programmed, as text, and whether it has done all that it knows of. */
const startProxy = async (client: Pick<ApiClient, 'list' | 'watch'>) => {
  const clock = createFakeClock();
  const nft = createFakeNft();
  const common = { client, clock, log: silentLog };
  const informers = {
    services: startInformer({ ...common, resource: services }),
    endpointSlices: startInformer({ ...common, resource: endpointSlices, indexes: sliceIndexes }),
  };
  const site = {
    nodeName: 'node-1',
    zone: undefined,
    nodeAddresses: [{ family: 4 as const, address: '172.30.0.11' }],
    podCidrs: ['10.244.0.0/16'],
    serviceCidrs: ['10.96.0.0/16'],
  };
  const sync = new ServiceSync({
    site: () => site,
    services: informers.services,
    slicesOf: (key) => informers.endpointSlices.byIndex('services/service', key),
    nft,
    onEffects: () => {},
    onWhole: () => {},
    onService: () => {},
    log: silentLog,
  });
  const loop = startLoop({ name: 'services', apply: (dirty) => sync.apply(dirty), clock, log: silentLog });
  await clock.advance(1000);
  await whenAllSynced(informers.services, informers.endpointSlices);
  const ends = followServices({ ...informers, meter: new SyncMeter(clock) }, loop.mark);
  loop.mark('');
  return {
    text: nft.text,
    /** Long enough for every back-off. */
    recover: () => clock.advance(120_000),
    stop: async () => {
      ends.forEach((end) => end());
      await loop.stop();
      for (const informer of Object.values(informers)) informer.stop();
    },
  };
};

const NAMES = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...NAMES);
/** Addresses that several Services claim, one of them the cluster IP of `a`. */
const shared = fc.subarray(['192.0.2.1', '192.0.2.2', '10.96.0.10', '127.0.0.1', 'rubbish']);
const spec = fc.record({
  ports: fc.subarray(
    [
      { port: 80, protocol: 'TCP', nodePort: 30_080 },
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'bad', port: 70_000, protocol: 'TCP' },
    ],
    { minLength: 1 },
  ),
  type: fc.constantFrom('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
  externalIPs: shared,
  externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
  sessionAffinity: fc.constantFrom('None', 'ClientIP'),
});
const address = fc.constantFrom(
  ...['10.244.0.1', '10.244.0.2', '10.244.0.02', '10.244.1.3'], // the third is the second with a leading zero
  ...['127.0.0.1', '169.254.1.1', '224.0.0.1', '0.0.0.0', 'fe80::1', 'fd00::1', '', 'x', '10.96.0.10'],
);
const ports = fc.subarray([
  { port: 8080, protocol: 'TCP' },
  { name: '', port: 8081, protocol: 'TCP' },
  { name: 'dns', port: 5353, protocol: 'UDP' },
  { name: 'dns', protocol: 'UDP' },
  { name: 'bad', port: 0, protocol: 'TCP' },
]);
const endpoint = fc.record({
  addresses: fc.array(address, { maxLength: 2 }),
  conditions: fc.record({ ready: fc.constantFrom(true, false, undefined), terminating: fc.boolean() }),
  nodeName: fc.constantFrom('node-1', 'node-2', undefined),
});
const step = fc.oneof(
  fc.record({ do: fc.constant('service' as const), name, spec, ips: shared }),
  fc.record({
    do: fc.constant('slice' as const),
    slice: fc.constantFrom('one', 'two', 'three'),
    name, // the same slice may change its Service
    ports,
    endpoints: fc.array(endpoint, { maxLength: 5 }),
  }),
  fc.record({ do: fc.constant('no service' as const), name }),
  fc.record({ do: fc.constant('no slice' as const), slice: fc.constantFrom('one', 'two', 'three') }),
  fc.constant({ do: 'settle' as const }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const serviceOf = (own: string, facts: ServiceSpec, ips: readonly string[]): Service => ({
  ...service(own, NAMES.indexOf(own as 'a') + 10, facts),
  status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
});
const sliceOf = (
  own: string,
  of: string,
  rest: Pick<EndpointSlice, 'ports' | 'endpoints'>,
): EndpointSlice => ({
  metadata: { name: own, namespace: 'ns', labels: { 'kubernetes.io/service-name': of } },
  addressType: 'IPv4',
  ...rest,
});

const take = async (client: FakeClient, each: Step): Promise<void> => {
  const removeAny = (resource: typeof services | typeof endpointSlices, key: string): void => {
    if (
      client
        .all<never>(resource as never)
        .some(({ metadata }: { metadata: { name: string } }) => `ns/${metadata.name}` === key)
    )
      client.remove(resource, key);
  };
  switch (each.do) {
    case 'service':
      return void client.put(services, serviceOf(each.name, each.spec, each.ips));
    case 'slice':
      return void client.put(endpointSlices, sliceOf(each.slice, each.name, each));
    case 'no service':
      return removeAny(services, `ns/${each.name}`);
    case 'no slice':
      return removeAny(endpointSlices, `ns/${each.slice}`);
    case 'settle':
      return settle();
    default:
      each satisfies never;
  }
};

describe('the service proxy over faulty watches', () => {
  it('ends with what a fresh start would program, and sends nothing to what is no endpoint', async () => {
    const faults = fc.array(fc.constantFrom<Fault>(...FAULTS), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), faults, async (steps, some) => {
        const client = createFakeClient(8); // it forgets soon: watches expire by themselves too
        const proxy = await startProxy(withFaultyWatches(client, some));
        for (const each of steps) await take(client, each);
        await proxy.recover();
        client.bookmark(); // what is held back comes with the next event
        await proxy.recover();
        const fresh = await startProxy(client);
        await fresh.recover();
        assert.equal(proxy.text(), fresh.text());
        assert.doesNotMatch(proxy.text(), /> .*\b(127\.0\.0\.1|169\.254\.1\.1|224\.0\.0\.1|0\.0\.0\.0)\b/);
        await Promise.all([proxy.stop(), fresh.stop()]);
      }),
      { numRuns: 500 },
    );
  });
});
