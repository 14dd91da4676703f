import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { storedAs } from '../../../test/support/object-builders.ts';
import { parsePrefix } from '../../ip/prefix.ts';
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { compileAddresses } from './compile.ts';
import { diffAddresses } from './diff.ts';
import { selectAddresses } from './select.ts';
import { FINALIZER, type Grant, toText } from './state.ts';

type Facts = { readonly spec?: ServiceSpec; readonly ips?: readonly string[]; readonly age?: number };

/** A Service of type LoadBalancer; the n-th by name is the n-th by age unless said otherwise. */
const balanced = (name: string, { spec = {}, ips = [], age = 0 }: Facts = {}): Stored<Service> =>
  storedAs({
    metadata: {
      name,
      namespace: 'ns',
      creationTimestamp: `2026-01-01T00:00:${String(age).padStart(2, '0')}Z`,
    },
    spec: { type: 'LoadBalancer', ipFamilies: ['IPv4'], ...spec },
    status: { loadBalancer: ips.length > 0 ? { ingress: ips.map((ip) => ({ ip, ipMode: 'VIP' })) } : {} },
  });

const grants = (
  services: readonly Stored<Service>[],
  ...pools: readonly string[]
): ReadonlyMap<string, Grant> =>
  compileAddresses(
    selectAddresses(services),
    pools.map((pool) => parsePrefix(pool)!),
  );
const text = (...args: Parameters<typeof grants>): string => toText(grants(...args));
const both = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' } as const;
const POOLS = ['192.0.2.0/29', '2001:db8::/120'] as const;

describe('compileAddresses()', () => {
  it('gives the lowest free address, to the eldest first, one of each family', () => {
    assert.equal(
      text([balanced('b', { age: 1, spec: both }), balanced('a', { age: 2 })], ...POOLS),
      'ns/b 192.0.2.1 2001:db8::1\nns/a 192.0.2.2',
    );
  });

  it('lets a Service keep what it has, whoever is older', () => {
    const keeper = balanced('young', { age: 9, ips: ['192.0.2.1'] });
    assert.equal(text([balanced('old'), keeper], ...POOLS), 'ns/old 192.0.2.2\nns/young 192.0.2.1');
  });

  it('keeps the family that stays when the other comes or goes', () => {
    assert.equal(
      text([balanced('a', { spec: both, ips: ['192.0.2.5'] })], ...POOLS),
      'ns/a 192.0.2.5 2001:db8::1',
    );
    assert.equal(text([balanced('a', { ips: ['192.0.2.5', '2001:db8::7'] })], ...POOLS), 'ns/a 192.0.2.5');
  });

  it('has who finds no address wait, by age, until one is free', () => {
    const holders = [1, 2].map((n) => balanced(`holder-${n}`, { ips: [`192.0.2.${n}`] }));
    const waiting = [balanced('late', { age: 8 }), balanced('early', { age: 7 })];
    const none = '(no address is free in the pools 192.0.2.0/30)';
    assert.match(
      text([...holders, ...waiting], '192.0.2.0/30'),
      new RegExp(`early ${RegExp.escape(none)}\nns/late`),
    );
    assert.equal(
      text([holders[0]!, ...waiting], '192.0.2.0/30'),
      `ns/holder-1 192.0.2.1\nns/early 192.0.2.2\nns/late ${none}`,
    );
  });

  it('honours loadBalancerIP where it is free and in a pool, and gives nothing else instead', () => {
    const asking = (ip: string, more: Facts = {}) =>
      balanced('asking', { ...more, spec: { loadBalancerIP: ip } });
    assert.equal(text([asking('192.0.2.4')], ...POOLS), 'ns/asking 192.0.2.4');
    assert.equal(text([asking('192.0.2.4', { ips: ['192.0.2.1'] })], ...POOLS), 'ns/asking 192.0.2.4');
    assert.match(
      text([asking('192.0.2.77', { ips: ['192.0.2.1'] })], ...POOLS),
      /^ns\/asking \(.*not in the pools/,
    );
    assert.match(text([asking('2001:db8::1')], ...POOLS), /^ns\/asking \(.* not of a family of the Service/);
    const holder = balanced('holder', { ips: ['192.0.2.4'], age: 5 });
    assert.match(text([asking('192.0.2.4'), holder], ...POOLS), /asking \(.*in use by another Service\)\n/);
  });

  it('gives no address away before its holder’s status has let it go, not even to swap two', () => {
    const [a, b] = [
      balanced('a', { ips: ['192.0.2.1'], spec: { loadBalancerIP: '192.0.2.2' } }),
      balanced('b', { ips: ['192.0.2.2'], spec: { loadBalancerIP: '192.0.2.1' } }),
    ];
    assert.match(text([a, b], ...POOLS), /^ns\/a \(.*in use.*\)\nns\/b \(.*in use.*\)$/);
    assert.equal(
      text(
        [
          { ...a, status: {} },
          { ...b, status: {} },
        ],
        ...POOLS,
      ),
      'ns/a 192.0.2.2\nns/b 192.0.2.1',
    );
  });

  it('asks for one family only what loadBalancerIP is of', () => {
    const service = balanced('a', { spec: { ...both, loadBalancerIP: '2001:db8::9' } });
    assert.equal(text([service], ...POOLS), 'ns/a 192.0.2.1 2001:db8::9');
  });

  it('says which family has no pool, unless dual stack is only preferred', () => {
    assert.match(text([balanced('a', { spec: both })], POOLS[0]), /^ns\/a 192\.0\.2\.1 \(.*no pool of IPv6/);
    const content = balanced('a', { spec: { ...both, ipFamilyPolicy: 'PreferDualStack' } });
    assert.equal(text([content], POOLS[0]), 'ns/a 192.0.2.1');
    assert.match(text([balanced('a', { spec: { ipFamilies: ['IPv6'] } })], POOLS[0]), /no pool of IPv6/);
  });

  it('knows nothing of other classes but their addresses, nor of Services that are going', () => {
    const other = balanced('other', { spec: { loadBalancerClass: 'example.org/lb' }, ips: ['192.0.2.1'] });
    const going = balanced('going', { ips: ['192.0.2.3'] });
    const gone = { ...going, metadata: { ...going.metadata, deletionTimestamp: '2026-01-02T00:00:00Z' } };
    const external = storedAs<Service>({
      metadata: { name: 'external', namespace: 'ns' },
      spec: { type: 'ClusterIP', externalIPs: ['192.0.2.2'] },
    });
    const own = balanced('own', { spec: { loadBalancerClass: 'podnet.dev/load-balancer' } });
    assert.equal(text([other, gone, external, own], ...POOLS), 'ns/own 192.0.2.4');
  });

  it('uses whole pools that are small, and no address of a wide one that looks like its network or broadcast', () => {
    const many = Array.from({ length: 9 }, (_, n) => balanced(`s${n}`, { age: n }));
    const given = (pool: string): readonly string[] =>
      [...grants(many, pool).values()].flatMap(({ ips }) => ips);
    assert.deepEqual(given('192.0.2.6/31'), ['192.0.2.6', '192.0.2.7']);
    assert.equal(given('192.0.2.8/29').join(), [9, 10, 11, 12, 13, 14].map((n) => `192.0.2.${n}`).join());
    assert.equal(given('2001:db8::/126').length, 0); // of the wrong family
  });

  const service = fc.record({
    age: fc.nat({ max: 3 }),
    family: fc.constantFrom<ServiceSpec>({ ipFamilies: ['IPv4'] }, { ipFamilies: ['IPv6'] }, both),
    ip: fc.constantFrom(undefined, '192.0.2.1', '192.0.2.2', '192.0.2.9', '2001:db8::1'),
    wish: fc.constantFrom(undefined, undefined, '192.0.2.1', '2001:db8::2'),
  });
  const world = fc.array(service, { maxLength: 8 }).map((all) =>
    all.map(({ age, family, ip, wish }, n) =>
      balanced(`s${n}`, {
        age,
        spec: { ...family, ...(wish ? { loadBalancerIP: wish } : {}) },
        ips: ip ? [ip] : [],
      }),
    ),
  );
  const settled = (services: readonly Stored<Service>[]): readonly Stored<Service>[] => {
    const all = grants(services, '192.0.2.0/29', '2001:db8::/126');
    return services.map((each) => {
      const ingress = all.get(`ns/${each.metadata.name}`)!.ips.map((ip) => ({ ip, ipMode: 'VIP' }));
      return { ...each, status: { loadBalancer: { ingress } } };
    });
  };

  it('gives nothing that another still has, whatever the order of events, and comes to rest', () => {
    fc.assert(
      fc.property(world, (services) => {
        const all = grants(services, '192.0.2.0/29', '2001:db8::/126');
        const ips = [...all.values()].flatMap((grant) => grant.ips);
        assert.equal(new Set(ips).size, ips.length);
        for (const { metadata, status } of services)
          for (const { ip } of status?.loadBalancer?.ingress ?? [])
            for (const [key, grant] of all)
              if (key !== `ns/${metadata.name}` && grant.ips.includes(ip!))
                assert.ok(services.some((each) => `ns/${each.metadata.name}` === key && holds(each, ip!)));
        assert.equal(toText(grants(services.toReversed(), '192.0.2.0/29', '2001:db8::/126')), toText(all));
        const rested = settled(settled(services));
        assert.deepEqual(settled(rested), rested);
      }),
    );
  });
});

const holds = ({ status }: Stored<Service>, ip: string): boolean =>
  (status?.loadBalancer?.ingress ?? []).some((each) => each.ip === ip);

describe('diffAddresses()', () => {
  const steps = (service: Stored<Service>, grant: Grant | undefined): string =>
    diffAddresses(service, grant)
      .map((step) => (step.kind === 'tell' ? step.reason : step.kind))
      .join(' ');
  const kept = (service: Stored<Service>): Stored<Service> => ({
    ...service,
    metadata: { ...service.metadata, finalizers: [FINALIZER] },
  });
  const grant = { ips: ['192.0.2.1'], problems: [] };

  it('adds the finalizer before the address, and takes it away after it', () => {
    assert.equal(
      steps(balanced('a'), grant),
      'EnsuringLoadBalancer add-finalizer set-addresses EnsuredLoadBalancer',
    );
    assert.equal(
      steps(kept(balanced('a', { ips: ['192.0.2.1'] })), undefined),
      'DeletingLoadBalancer set-addresses remove-finalizer DeletedLoadBalancer',
    );
  });

  it('does nothing for what is as it should be, and for what was never its own', () => {
    assert.equal(steps(kept(balanced('a', { ips: ['192.0.2.1'] })), grant), '');
    assert.equal(steps(balanced('a', { ips: ['192.0.2.1'] }), undefined), '');
    assert.equal(
      steps(kept(balanced('a', { spec: { loadBalancerClass: 'example.org/lb' } })), undefined),
      '',
    );
  });

  it('says why a Service waits, and takes away an address that it may not keep', () => {
    const problem = { ips: [], problems: ['no'] };
    assert.equal(
      steps(kept(balanced('a', { ips: ['192.0.2.1'] })), problem),
      'set-addresses SyncLoadBalancerFailed',
    );
  });

  it('puts right an address that is not marked as virtual', () => {
    const proxied = {
      ...kept(balanced('a')),
      status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'Proxy' }] } },
    };
    assert.match(steps(proxied, grant), /set-addresses/);
  });
});
