import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { storedAs } from '../../test/support/object-builders.ts';
import type { Endpoint, EndpointSlice, Service, ServiceSpec } from '../k8s/generated/types.ts';
import { compileApex, compileNamespace, compileService } from './compile.ts';
import { selectService } from './select.ts';
import { toText } from './state.ts';
import type { ZoneRecord } from './state.ts';
import { Zone } from './zone.ts';

const service = (spec: ServiceSpec): Service => ({ metadata: { name: 'web', namespace: 'ns' }, spec });

const slice = (
  endpoints: readonly Endpoint[],
  addressType = 'IPv4',
  ports: EndpointSlice['ports'] = [{ name: 'http', port: 8080, protocol: 'TCP' }],
): EndpointSlice => ({
  metadata: { name: `web-${addressType}`, namespace: 'ns' },
  addressType,
  endpoints,
  ports,
});

const zoneText = (spec: ServiceSpec, ...slices: EndpointSlice[]): string[] => {
  const selected = selectService(storedAs(service(spec)), slices.map(storedAs));
  return selected ? toText(compileService(selected, 'z')).split('\n') : [];
};

describe('compileService() of a ClusterIP Service', () => {
  it('has addresses of both families, a pointer each, and SRV for named ports', () => {
    const ports = [{ name: 'http', port: 80 }, { name: 'dns', port: 53, protocol: 'UDP' }, { port: 81 }];
    assert.deepEqual(zoneText({ clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7', 'fd00::7'], ports }), [
      '7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa. 5 IN PTR web.ns.svc.z.',
      '7.0.96.10.in-addr.arpa. 5 IN PTR web.ns.svc.z.',
      '_dns._udp.web.ns.svc.z. 5 IN SRV 0 100 53 web.ns.svc.z.',
      '_http._tcp.web.ns.svc.z. 5 IN SRV 0 100 80 web.ns.svc.z.',
      'web.ns.svc.z. 5 IN A 10.96.0.7',
      'web.ns.svc.z. 5 IN AAAA fd00::7',
    ]);
  });

  it('has nothing before it has an address', () => {
    assert.deepEqual(zoneText({ ports: [{ port: 80 }] }), []);
  });
});

describe('compileService() of a headless Service', () => {
  const spec = { clusterIP: 'None', clusterIPs: ['None'] };

  it('has each ready endpoint, by its hostname or by its address', () => {
    const endpoints = [
      { addresses: ['10.244.0.5'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.1.6'] },
      { addresses: ['10.244.1.7'], conditions: { ready: false, serving: true, terminating: true } },
    ];
    assert.deepEqual(zoneText(spec, slice(endpoints)), [
      '10-244-1-6.web.ns.svc.z. 5 IN A 10.244.1.6',
      '5.0.244.10.in-addr.arpa. 5 IN PTR db-0.web.ns.svc.z.',
      '6.1.244.10.in-addr.arpa. 5 IN PTR 10-244-1-6.web.ns.svc.z.',
      '_http._tcp.web.ns.svc.z. 5 IN SRV 0 50 8080 10-244-1-6.web.ns.svc.z.',
      '_http._tcp.web.ns.svc.z. 5 IN SRV 0 50 8080 db-0.web.ns.svc.z.',
      'db-0.web.ns.svc.z. 5 IN A 10.244.0.5',
      'web.ns.svc.z. 5 IN A 10.244.0.5',
      'web.ns.svc.z. 5 IN A 10.244.1.6',
    ]);
  });

  it('has one SRV for a pod with two families', () => {
    const v4 = slice([{ addresses: ['10.244.0.5'], hostname: 'db-0' }]);
    const v6 = slice([{ addresses: ['fd00::5'], hostname: 'db-0' }], 'IPv6');
    const lines = zoneText(spec, v4, v6).filter((line) => !line.includes('arpa'));
    assert.deepEqual(lines, [
      '_http._tcp.web.ns.svc.z. 5 IN SRV 0 50 8080 db-0.web.ns.svc.z.',
      'db-0.web.ns.svc.z. 5 IN A 10.244.0.5',
      'db-0.web.ns.svc.z. 5 IN AAAA fd00::5',
      'web.ns.svc.z. 5 IN A 10.244.0.5',
      'web.ns.svc.z. 5 IN AAAA fd00::5',
    ]);
  });

  it('has nothing without a ready endpoint', () => {
    assert.deepEqual(zoneText(spec, slice([{ addresses: ['10.244.0.5'], conditions: { ready: false } }])), [
      '',
    ]);
  });
});

describe('compileService() of an ExternalName Service', () => {
  it('is an alias, without ports', () => {
    const ports = [{ name: 'http', port: 80 }];
    assert.deepEqual(zoneText({ type: 'ExternalName', externalName: 'Db.Example.ORG.', ports }), [
      'web.ns.svc.z. 5 IN CNAME db.example.org.',
    ]);
    assert.deepEqual(zoneText({ type: 'ExternalName', externalName: 'a..b' }), []);
  });
});

describe('compileApex()', () => {
  it('says the version, and who answers', () => {
    assert.equal(
      toText(compileApex('z', ['10.96.0.10'])),
      [
        'dns-version.z. 5 IN TXT "1.1.0"',
        'ns.dns.z. 5 IN A 10.96.0.10',
        'pod.z.',
        'svc.z.',
        'z. 5 IN NS ns.dns.z.',
      ].join('\n'),
    );
  });
});

describe('Zone', () => {
  const records = fc.array(
    fc
      .tuple(fc.constantFrom('a.s.z', 'b.s.z', 'x.a.s.z', '1.arpa'), fc.constantFrom(1, 2, 3))
      .map(([name, last]): ZoneRecord => ({
        name,
        type: 1,
        data: { kind: 'address', bytes: Uint8Array.from([10, 0, 0, last]) },
      })),
    { maxLength: 4 },
  );
  const steps = fc.array(fc.tuple(fc.constantFrom('one', 'two', 'three'), records), { maxLength: 12 });
  const names = ['a.s.z', 'b.s.z', 'x.a.s.z', '1.arpa', 's.z', 'z', 'arpa', 'y.z'];
  const lookUps = (zone: Zone): unknown =>
    names.map((name) => {
      const found = zone.lookUp(name);
      if (found.kind !== 'found') return found.kind;
      return (found.sets.get(1) ?? []).map((data) => String(data.kind === 'address' && data.bytes[3])).sort();
    });

  it('is the same, change by change, as made at once', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const [grown, fresh] = [new Zone(), new Zone()];
        for (const [owner, owned] of all) grown.set(owner, structuredClone(owned));
        for (const [owner, owned] of new Map(all)) fresh.set(owner, owned);
        assert.deepEqual(lookUps(grown), lookUps(fresh));
        for (const [owner] of all) grown.set(owner, []);
        assert.deepEqual(
          lookUps(grown),
          names.map(() => 'absent'),
        );
      }),
    );
  });

  it('knows names that exist only because others are below them', () => {
    const zone = new Zone();
    zone.set('namespace ns', compileNamespace('ns', 'z'));
    assert.deepEqual(
      ['ns.svc.z', 'svc.z', 'ns.pod.z', 'other.svc.z'].map((name) => zone.lookUp(name).kind),
      ['found', 'empty', 'found', 'absent'],
    );
  });

  it('says whether anything changed', () => {
    const zone = new Zone();
    assert.equal(zone.set('a', compileNamespace('ns', 'z')), true);
    assert.equal(zone.set('a', compileNamespace('ns', 'z')), false);
    assert.equal(zone.set('b', []), false);
  });
});
