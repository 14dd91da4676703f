// Objects that contend, are too many, or go while they are looked at. What is no endpoint at all: compile.test.ts.
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { createFakeNft } from '../../test/support/fake-nft.ts';
import { storedAs } from '../../test/support/object-builders.ts';
import { service, slice } from '../../test/support/service-objects.ts';
import { Cache } from '../informer/cache.ts';
import type { EndpointSlice, Service, ServiceSpec } from '../k8s/generated/types.ts';
import { type Stored, keyOf } from '../k8s/objects.ts';
import { silentLog } from '../lang/log.ts';
import { sliceIndexes } from './service-proxy.ts';
import { ServiceSync } from './service-sync.ts';

const start = () => {
  const nft = createFakeNft();
  const services = new Cache<Service>({});
  const slices = new Cache<EndpointSlice>(sliceIndexes);
  const site = {
    nodeName: 'node-1',
    zone: undefined,
    nodeAddresses: [{ family: 4 as const, address: '172.30.0.11' }],
    podCidrs: ['10.244.0.0/16'],
    serviceCidrs: ['10.96.0.0/16'],
  };
  const sync = new ServiceSync({
    site: () => site,
    services,
    slicesOf: (key) => slices.byIndex('services/service', key),
    nft,
    onEffects: () => {},
    onWhole: () => {},
    onService: () => {},
    log: silentLog,
  });
  const apply = (...names: readonly string[]): Promise<ReadonlySet<string>> =>
    sync.apply(new Set(names.map((name) => `ns/${name}`)));
  return { nft, services, slices, sync, apply };
};

let version = 1;
const stored = <T extends Service | EndpointSlice>(object: T): Stored<T> =>
  storedAs({ ...object, metadata: { ...object.metadata, resourceVersion: String(version++) } } as T);

/** The older the smaller `age`; behind each is one endpoint, 10.244.0.N. */
const aged = (name: string, n: number, age: number, spec: ServiceSpec = {}, ips: readonly string[] = []) => {
  const base = service(name, n, spec);
  const creationTimestamp = `2026-01-01T00:00:0${age}Z`;
  return stored({
    ...base,
    metadata: { ...base.metadata, creationTimestamp },
    status: { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } },
  });
};
const lines = (text: string, ip: string): readonly string[] =>
  text.split('\n').filter((line) => line.includes(` ${ip}:80 `));

describe('Services that claim the same address and port', () => {
  const claims: Readonly<Record<string, readonly [ServiceSpec, readonly string[]]>> = {
    'an external IP': [{ externalIPs: ['192.0.2.1'] }, []],
    'a load balancer’s address': [{ type: 'LoadBalancer' }, ['192.0.2.1']],
    'the cluster IP of another': [{ clusterIPs: ['192.0.2.1'] }, []],
  };
  for (const [elder, [elderSpec, elderIps]] of Object.entries(claims))
    for (const [younger, [youngerSpec, youngerIps]] of Object.entries(claims))
      it(`${elder} and ${younger}: the elder has it, then the younger, in any order of events`, async () => {
        const first = aged('z-elder', 10, 1, elderSpec, elderIps);
        const second = aged('a-younger', 11, 2, youngerSpec, youngerIps);
        for (const order of [
          [first, second],
          [second, first],
        ]) {
          const { nft, services, slices, apply } = start();
          slices.set(stored(slice('z-elder', ['10.244.0.1'])));
          slices.set(stored(slice('a-younger', ['10.244.0.2'])));
          await apply();
          for (const each of order) {
            services.set(each);
            await apply(each.metadata.name);
          }
          assert.match(lines(nft.text(), '192.0.2.1').join(), /-> 10\.244\.0\.1:8080 /);
          services.delete(first);
          await apply('z-elder');
          assert.match(lines(nft.text(), '192.0.2.1').join(), /-> 10\.244\.0\.2:8080 /);
        }
      });

  it('leaves what they do not share alone', async () => {
    const { nft, services, slices, apply } = start();
    services.set(aged('elder', 10, 1, { externalIPs: ['192.0.2.1'] }));
    services.set(aged('younger', 11, 2, { externalIPs: ['192.0.2.1', '192.0.2.2'] }));
    slices.set(stored(slice('younger', ['10.244.0.2'])));
    await apply('elder', 'younger');
    assert.match(lines(nft.text(), '192.0.2.1').join(), /-> reject/); // the elder's, though it has no endpoint
    assert.match(lines(nft.text(), '192.0.2.2').join(), /-> 10\.244\.0\.2:8080 /);
  });
});

describe('slices', () => {
  it('of 1,000 endpoints are used whole, what is in two of them once', async () => {
    const { nft, services, slices, apply } = start();
    const all = Array.from({ length: 1500 }, (_, n) => `10.244.${n >> 8}.${n & 255}`);
    services.set(stored(service('a', 10)));
    slices.set(stored(slice('a', all.slice(0, 1000))));
    const second = slice('a', all.slice(500));
    slices.set(stored({ ...second, metadata: { ...second.metadata, name: 'second' } }));
    await apply('a');
    const [line = ''] = lines(nft.text(), '10.96.0.10');
    assert.deepEqual(line.match(/10\.244\.\d+\.\d+(?=:8080)/g)?.sort(), all.toSorted());
  });
});

describe('a Service that is deleted in the middle of a sync', () => {
  it('is gone after the next one, and the others are whole', async () => {
    const { nft, services, slices, sync } = start();
    await sync.apply(new Set());
    const names = Array.from({ length: 12 }, (_, n) => `s${n}`);
    for (const [n, name] of names.entries()) {
      services.set(stored(service(name, 20 + n)));
      slices.set(
        stored(
          slice(
            name,
            Array.from({ length: 900 }, (_, m) => `10.244.${m >> 8}.${m & 255}`),
          ),
        ),
      );
    }
    const runs = nft.runs.length;
    const syncing = sync.apply(new Set(services.list().map(keyOf)));
    await nextTurn(); // after a part of it
    assert.ok(nft.runs.length > runs && !nft.text().includes('10.96.0.31:80'));
    const [early, late] = ['ns/s0', 'ns/s11'];
    for (const key of [early, late]) services.delete(services.get(key)!);
    await syncing;
    await sync.apply(new Set([early, late]));
    const fresh = start();
    for (const each of services.list()) fresh.services.set(each);
    for (const each of slices.list()) fresh.slices.set(each);
    await fresh.sync.apply(new Set(services.list().map(keyOf)));
    assert.equal(nft.text(), fresh.nft.text());
    assert.doesNotMatch(nft.text(), /10\.96\.0\.(20|31):80/);
  });
});
