import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { parseAddress } from '../../ip/address.ts';
import { RANGES, createAdmission } from '../../../test/support/admission.ts';
import { createKinds } from '../kinds/kinds.ts';
import { createNumberPool, lowerBandSize } from './number-pool.ts';

const service = (name: string, spec: ServiceSpec = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ port: 80 }], ...spec },
});

const text = ({ spec }: Service): string =>
  [spec?.type, spec?.ipFamilyPolicy, spec?.ipFamilies?.join(), spec?.clusterIPs?.join()].join(' ');

describe('cluster IPs', () => {
  it('are of the first family, from the upper band', () => {
    const { create } = createAdmission();
    const { spec } = create(service('a'));
    assert.deepEqual([spec?.ipFamilyPolicy, spec?.ipFamilies], ['SingleStack', ['IPv4']]);
    assert.equal(spec?.clusterIPs?.length, 1);
    assert.equal(spec?.clusterIP, spec?.clusterIPs?.[0]);
    const [, , third, fourth] = spec!.clusterIP!.split('.').map(Number);
    assert.ok(third! * 256 + fourth! > 256, spec!.clusterIP);
  });

  it('of both families when asked', () => {
    const { create } = createAdmission();
    const dual = create(service('a', { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6'] }));
    assert.match(text(dual), /^ClusterIP PreferDualStack IPv6,IPv4 fd00:10:96::[0-9a-f]+,10\.96\.\d+\.\d+$/);
    const named = create(
      service('b', {
        clusterIPs: ['10.96.0.1', 'fd00:10:96::1'],
        clusterIP: '10.96.0.1',
        ipFamilyPolicy: 'RequireDualStack',
      }),
    );
    assert.equal(text(named), 'ClusterIP RequireDualStack IPv4,IPv6 10.96.0.1,fd00:10:96::1');
  });

  it('that are taken or out of range are refused', () => {
    const { create } = createAdmission();
    create(service('a', { clusterIP: '10.96.0.9' }));
    assert.throws(() => create(service('b', { clusterIP: '10.96.0.9' })), {
      message:
        'spec.clusterIPs: Invalid value: ["10.96.0.9"]: failed to allocate IP 10.96.0.9: provided IP is already allocated',
    });
    for (const clusterIP of ['192.0.2.1', '10.97.0.1'])
      assert.throws(
        () => create(service('b', { clusterIP })),
        /failed to allocate IP .*: the provided network does not match the current range$/,
      );
    for (const clusterIP of ['10.96.0.0', '10.96.255.255'])
      assert.throws(
        () => create(service('b', { clusterIP })),
        /: the provided IP \(10\.96\..*\) is not in the valid range\. The range of valid IPs is 10\.96\.0\.0\/16$/,
      );
    assert.throws(
      () => create(service('b', { clusterIPs: ['10.96.0.5', 'fd00:10:96::5'], clusterIP: '10.96.0.5' })),
      /spec\.ipFamilyPolicy: Invalid value: "SingleStack": must be 'RequireDualStack' or 'PreferDualStack' when multiple cluster IPs are specified/,
    );
  });

  it('a refused Service leaves nothing behind, a dry run neither', () => {
    const { create } = createAdmission();
    const ports = [{ port: 80, nodePort: 1 }];
    assert.throws(() => create(service('a', { type: 'NodePort', clusterIP: '10.96.0.9', ports })));
    create(service('a', { clusterIP: '10.96.0.9' }), { dryRun: true });
    create(service('a', { clusterIP: '10.96.0.9' }));
  });

  it('are kept by an update that leaves them out, and come back with the Service that had them', () => {
    const { create, update, delete: remove } = createAdmission();
    const { spec } = create(service('a'));
    assert.equal(update(service('a')).spec?.clusterIP, spec?.clusterIP);
    remove(service('a'));
    create(service('b', { clusterIP: spec!.clusterIP! }));
  });

  it('follow a change of the type and of the families', () => {
    const { create, update } = createAdmission();
    const single = create(service('a', { clusterIP: '10.96.0.9' }));
    const dual = update({ ...single, spec: { ...single.spec, ipFamilyPolicy: 'PreferDualStack' } });
    assert.match(text(dual), /^ClusterIP PreferDualStack IPv4,IPv6 10\.96\.0\.9,fd00:/);
    const back = update({ ...dual, spec: { ...dual.spec, ipFamilyPolicy: 'SingleStack' } });
    assert.equal(text(back), 'ClusterIP SingleStack IPv4 10.96.0.9');
    create(service('second', { clusterIP: dual.spec!.clusterIPs![1]! }));
    update({ ...back, spec: { ...back.spec, type: 'ExternalName', externalName: 'example.com', ports: [] } });
    create(service('first', { clusterIP: '10.96.0.9' }));
  });

  it('none for headless and ExternalName Services', () => {
    const { create } = createAdmission();
    assert.equal(
      text(create(service('a', { clusterIP: 'None', selector: { a: 'b' } }))),
      'ClusterIP SingleStack IPv4 None',
    );
    assert.equal(
      text(create(service('b', { clusterIP: 'None' }))),
      'ClusterIP RequireDualStack IPv4,IPv6 None',
    );
    const external = create(service('c', { type: 'ExternalName', externalName: 'example.com' }));
    assert.deepEqual([external.spec?.clusterIP, external.spec?.ipFamilies], [undefined, undefined]);
  });

  it('an exhausted range answers 500', () => {
    const { create } = createAdmission(
      createKinds({ ...RANGES, serviceCidrs: ['10.96.0.0/30', 'fd00:10:96::/112'] }),
    );
    create(service('a'));
    create(service('b'));
    assert.throws(() => create(service('c')), {
      message: 'Internal error occurred: failed to allocate a serviceIP: range is full',
    });
  });

  it('of a /64 are any that is asked for, and the upper band of its beginning', () => {
    const ranges = { ...RANGES, serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/64'] } as const;
    const { create } = createAdmission(createKinds(ranges));
    const asked = { clusterIP: 'fd00:10:96::ffff:0:0:1', ipFamilies: ['IPv6'] };
    assert.equal(text(create(service('a', asked))), 'ClusterIP SingleStack IPv6 fd00:10:96::ffff:0:0:1');
    const { spec } = create(service('b', { ipFamilies: ['IPv6'] }));
    assert.ok(parseAddress(spec!.clusterIP!)!.value - parseAddress('fd00:10:96::')!.value > 256n);
  });

  it('are the same address in any notation', () => {
    const { create } = createAdmission();
    create(service('a', { clusterIP: 'FD00:10:96::0a', ipFamilies: ['IPv6'] }));
    assert.throws(
      () => create(service('b', { clusterIP: 'fd00:10:96::a', ipFamilies: ['IPv6'] })),
      /provided IP is already allocated/,
    );
  });

  it('of the lower band are taken by themselves only when the upper is full', () => {
    const cidrs = ['10.96.0.0/27', 'fd00:10:96::/112'] as const;
    const { create } = createAdmission(createKinds({ ...RANGES, serviceCidrs: cidrs }));
    const last = (name: string): number => Number(create(service(name)).spec!.clusterIP!.split('.')[3]);
    const upper = Array.from({ length: 14 }, (_, index) => last(`upper-${index}`));
    assert.deepEqual(
      upper.sort((a, b) => a - b),
      Array.from({ length: 14 }, (_, index) => 17 + index),
    );
    assert.ok(last('lower') <= 16);
  });
});

describe('node ports', () => {
  const nodePort = (name: string, ports: NonNullable<ServiceSpec['ports']>): Service =>
    service(name, { type: 'NodePort', ports });

  it('one for each port number, shared by protocols', () => {
    const { create } = createAdmission();
    const { spec } = create(
      nodePort('dns', [
        { name: 'a', port: 53, protocol: 'UDP' },
        { name: 'b', port: 53, protocol: 'TCP' },
        { name: 'c', port: 9153 },
      ]),
    );
    const [udp, tcp, metrics] = spec!.ports!.map((port) => port.nodePort!);
    assert.equal(udp, tcp);
    assert.notEqual(udp, metrics);
    assert.ok(udp! > 30085 && udp! <= 32767, `${udp}`);
  });

  it('that are taken or out of range are refused', () => {
    const { create } = createAdmission();
    create(nodePort('a', [{ port: 80, nodePort: 30080 }]));
    assert.throws(() => create(nodePort('b', [{ port: 80, nodePort: 30080 }])), {
      message: 'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
    });
    assert.throws(() => create(nodePort('b', [{ port: 80, nodePort: 80 }])), {
      message:
        'spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    });
  });

  it('are kept by name, and go with the type', () => {
    const { create, update } = createAdmission();
    create(nodePort('a', [{ name: 'http', port: 80, nodePort: 30080 }]));
    const moved = update(nodePort('a', [{ name: 'http', port: 8080 }]));
    assert.equal(moved.spec?.ports?.[0]?.nodePort, 30080);
    const inner = update({ ...moved, spec: { ...moved.spec, type: 'ClusterIP' } });
    assert.deepEqual(
      [inner.spec?.ports?.[0]?.nodePort, inner.spec?.externalTrafficPolicy],
      [undefined, undefined],
    );
    create(nodePort('b', [{ port: 80, nodePort: 30080 }]));
  });

  it('are known to a new server from the stored Services', () => {
    const row = createKinds(RANGES).find(({ singular }) => singular === 'service')!;
    const stored = service('old', { type: 'NodePort', ports: [{ port: 80, nodePort: 30001 }] });
    const lists = { services: [stored], servicecidrs: [] };
    const context = {
      dryRun: false,
      list: ({ resource }: { readonly resource: keyof typeof lists }) => lists[resource],
    } as never;
    const draft = service('new', {
      type: 'NodePort',
      clusterIP: 'None',
      clusterIPs: ['None'],
      ports: [{ port: 80, nodePort: 30001 }],
    });
    assert.equal(row.allocate!(structuredClone(draft) as never, undefined, context).ok, false);
  });

  it('of one Service are not its health check port, and that is immutable', () => {
    const { create, update } = createAdmission();
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 };
    assert.throws(
      () => create(service('a', { ...spec, ports: [{ port: 80, nodePort: 31000 }] })),
      /^ApiError: Internal error occurred: failed to allocate requested HealthCheck NodePort 31000: provided port is already allocated$/,
    );
    const made = create(service('a', spec));
    assert.throws(
      () => update({ ...made, spec: { ...made.spec, healthCheckNodePort: 31001 } }),
      /spec\.healthCheckNodePort: Forbidden: field is immutable/,
    );
    const cluster = update({ ...made, spec: { ...made.spec, externalTrafficPolicy: 'Cluster' } });
    assert.equal(cluster.spec?.healthCheckNodePort, undefined);
    const back = update({
      ...cluster,
      spec: { ...cluster.spec, externalTrafficPolicy: 'Local', healthCheckNodePort: 31000 },
    });
    assert.equal(back.spec?.healthCheckNodePort, 31000);
  });

  it('none are made for a LoadBalancer that does not want them, but one for health checks', () => {
    const { create } = createAdmission();
    const { spec } = create(
      service('a', {
        type: 'LoadBalancer',
        allocateLoadBalancerNodePorts: false,
        externalTrafficPolicy: 'Local',
      }),
    );
    assert.equal(spec?.ports?.[0]?.nodePort, undefined);
    assert.ok(spec!.healthCheckNodePort! >= 30000);
  });
});

describe('createNumberPool()', () => {
  it('hands every number out once, the upper band first, and again after its release', () => {
    const sizes = fc.record({
      last: fc.integer({ min: 1, max: 60 }),
      lowerSize: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(sizes, ({ last, lowerSize }) => {
        const pool = createNumberPool({ first: 1, last, lowerSize: Math.min(lowerSize, last) });
        const all = Array.from({ length: last }, () => pool.takeAny()!);
        assert.equal(new Set(all).size, last);
        assert.ok(all.every(pool.isInRange));
        const upper = last - Math.min(lowerSize, last);
        assert.ok(all.slice(0, upper).every((number) => number > lowerSize));
        assert.equal(pool.takeAny(), undefined);
        pool.release(all[0]!);
        assert.equal(pool.takeAny(), all[0]);
      }),
    );
  });

  it('has the lower bands of Kubernetes', () => {
    assert.equal(lowerBandSize(65536, 16, 256), 256);
    assert.equal(lowerBandSize(256, 16, 256), 16);
    assert.equal(lowerBandSize(16, 16, 256), 0);
    assert.equal(lowerBandSize(2768, 32, 128), 86);
  });
});
