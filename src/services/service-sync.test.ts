import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createFakeNft } from '../../test/support/fake-nft.ts';
import { storedAs } from '../../test/support/object-builders.ts';
import { service, slice } from '../../test/support/service-objects.ts';
import { Cache } from '../informer/cache.ts';
import type { EndpointSlice, Service, ServiceSpec } from '../k8s/generated/types.ts';
import { silentLog } from '../lang/log.ts';
import { sliceIndexes } from './service-proxy.ts';
import { ServiceSync } from './service-sync.ts';

const names = ['a', 'b', 'c'] as const;

/** A sync over caches that the test writes to directly. */
const start = () => {
  const nft = createFakeNft();
  const services = new Cache<Service>({});
  const slices = new Cache<EndpointSlice>(sliceIndexes);
  const sync = new ServiceSync({
    site: () => ({
      nodeName: 'node-1',
      zone: undefined,
      nodeAddresses: [{ family: 4, address: '172.30.0.11' }],
      podCidrs: ['10.244.0.0/16'],
      serviceCidrs: ['10.96.0.0/16'],
    }),
    services,
    slicesOf: (key) => slices.byIndex('services/service', key),
    nft,
    onEffects: () => {},
    onWhole: () => {},
    onService: () => {},
    log: silentLog,
  });
  return { nft, services, slices, sync };
};

let version = 1;
const stored = <T extends Service | EndpointSlice>(object: T) =>
  storedAs({ ...object, metadata: { ...object.metadata, resourceVersion: String(version++) } } as T);

const spec = fc.record({
  port: fc.constantFrom(80, 81),
  nodePort: fc.constantFrom(undefined, 30_080), // the same for all: they contend for it
  externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
  externalIPs: fc.constantFrom([], ['192.0.2.2']), // one that another's load balancer has too
  ingress: fc.constantFrom([], ['192.0.2.1'], ['192.0.2.1', '192.0.2.2']),
  loadBalancerSourceRanges: fc.subarray(['10.0.0.0/8', '10.1.0.0/16', '192.0.2.7/32']),
  sessionAffinity: fc.constantFrom('None', 'ClientIP'),
});
const endpoint = fc.record({
  n: fc.integer({ min: 1, max: 6 }),
  isReady: fc.boolean(),
  node: fc.constantFrom('node-1', 'node-2'),
});
const step = fc.oneof(
  fc.tuple(fc.constant('service' as const), fc.constantFrom(...names), spec),
  fc.tuple(
    fc.constant('slice' as const),
    fc.constantFrom(...names),
    fc.uniqueArray(endpoint, { selector: ({ n }) => n }),
  ),
  fc.tuple(fc.constant('no service' as const), fc.constantFrom(...names)),
);

const serviceOf = (name: string, { port, nodePort, ingress, ...others }: Outside & ServiceSpec): Service => ({
  ...service(name, names.indexOf(name as 'a') + 10, {
    type: ingress.length > 0 ? 'LoadBalancer' : nodePort ? 'NodePort' : 'ClusterIP',
    ports: [{ port, protocol: 'TCP', ...(nodePort ? { nodePort } : {}) }],
    ...others,
  }),
  status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
});
type Outside = {
  readonly port: number;
  readonly nodePort: number | undefined;
  readonly ingress: readonly string[];
};

const sliceOf = (
  name: string,
  endpoints: readonly { n: number; isReady: boolean; node: string }[],
): EndpointSlice => ({
  ...slice(name, []),
  endpoints: endpoints.map(({ n, isReady, node }) => ({
    addresses: [`10.244.0.${n}`],
    conditions: { ready: isReady },
    nodeName: node,
  })),
});

describe('ServiceSync', () => {
  it('ends with the same elements as a fresh start, whatever happened in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 8 }), async (batches) => {
        const { nft, services, slices, sync } = start();
        for (const batch of [[], ...batches]) {
          for (const each of batch) {
            if (each[0] === 'service') services.set(stored(serviceOf(each[1], each[2])));
            if (each[0] === 'slice') slices.set(stored(sliceOf(each[1], each[2])));
            const gone = each[0] === 'no service' && services.get(`ns/${each[1]}`);
            if (gone) services.delete(gone);
          }
          assert.deepEqual(await sync.apply(new Set(batch.map(([, name]) => `ns/${name}`))), new Set());
        }
        const fresh = start();
        for (const each of services.list()) fresh.services.set(each);
        for (const each of slices.list()) fresh.slices.set(each);
        await fresh.sync.apply(new Set(names.map((name) => `ns/${name}`)));
        assert.equal(nft.text(), fresh.nft.text());
      }),
      { numRuns: 200 },
    );
  });

  it('sends nothing to the kernel for a Service that needs nothing', async () => {
    const { nft, services, slices, sync } = start();
    services.set(stored(service('a', 10)));
    slices.set(stored(slice('a', ['10.244.0.1'])));
    await sync.apply(new Set(['ns/a']));
    const count = nft.runs.length;
    services.set(stored(service('a', 10, {}, { relabelled: 'yes' })));
    await sync.apply(new Set(['ns/a']));
    assert.equal(nft.runs.length, count);
  });

  it('has a bad Service stop no other, and comes back to it', async () => {
    const { nft, services, sync } = start();
    services.set(stored(service('a', 10)));
    services.set(stored(service('b', 11)));
    nft.failOn(/10\.96\.0\.10/);
    await sync.apply(new Set());
    assert.deepEqual(await sync.apply(new Set(['ns/a', 'ns/b'])), new Set(['ns/a']));
    assert.match(nft.text(), /10\.96\.0\.11:80 -> reject/);
    nft.failOn(/nothing/);
    assert.deepEqual(await sync.apply(new Set(['ns/a'])), new Set());
    assert.match(nft.text(), /10\.96\.0\.10:80 -> reject/);
  });

  it('suspects other elements in the kernel where a transaction says so, until it begins anew', async () => {
    for (const code of ['ENOENT', 'EEXIST', 'EINTR', 'EINVAL']) {
      const { nft, services, sync } = start();
      await sync.apply(new Set());
      services.set(stored(service('a', 10)));
      nft.failOn(/10\.96\.0\.10/, code);
      assert.deepEqual(await sync.apply(new Set(['ns/a'])), new Set(['ns/a']));
      assert.equal(sync.isSuspect(), code !== 'EINVAL', code);
      if (!sync.isSuspect()) continue;
      assert.equal(await sync.verify(), false);
      assert.deepEqual(sync.restart(), ['ns/a']);
      assert.equal(sync.isSuspect(), false);
    }
  });

  it('is not whole when it began anew in the middle of an apply', async () => {
    const { nft, services, slices, sync } = start();
    const pods = Array.from({ length: 2000 }, (_, n) => `10.244.${n >> 8}.${n & 255}`);
    const names = ['a', 'b', 'c', 'd'];
    for (const [n, name] of names.entries()) {
      services.set(stored(service(name, 10 + n)));
      slices.set(stored(slice(name, pods)));
    }
    const keys = new Set(names.map((name) => `ns/${name}`));
    const applying = sync.apply(keys); // now after the first of two transactions
    assert.ok(nft.text().includes('10.96.0.10:80') && !nft.text().includes('10.96.0.13:80'));
    assert.deepEqual(new Set(sync.restart()), keys);
    await applying;
    assert.equal(sync.isWhole, false);
  });

  it('bounds its transactions, the API server and the DNS first', async () => {
    const { nft, services, slices, sync } = start();
    const many = Array.from({ length: 40 }, (_, i) => `10.244.${i}.`);
    for (const [i, prefix] of many.entries()) {
      services.set(stored(service(`s${i}`, 20 + i)));
      slices.set(
        stored(
          slice(
            `s${i}`,
            Array.from({ length: 200 }, (__, n) => `${prefix}${n + 1}`),
          ),
        ),
      );
    }
    for (const [namespace, name, n] of [
      ['default', 'kubernetes', 1],
      ['kube-system', 'kube-dns', 9],
    ] as const) {
      const first = service(name, n);
      services.set(stored({ ...first, metadata: { ...first.metadata, namespace } }));
    }
    await sync.apply(
      new Set(services.list().map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)),
    );
    const transactions = nft.runs.filter((run) => /add element ip podnet-services cluster-ips/.test(run));
    assert.ok(transactions.length >= 3, `${transactions.length} transactions`);
    const [addresses] = transactions[0]!.match(
      /(?<=add element ip podnet-services cluster-ips \{ ).*(?= \})/,
    )!;
    assert.match(addresses, /^10\.96\.0\.1 : \d+, 10\.96\.0\.9 : /);
    assert.equal(
      nft
        .text()
        .split('\n')
        .filter((line) => line.includes('masquerade')).length,
      40,
    );
  });
});
