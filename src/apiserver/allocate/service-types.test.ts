// What a Service gains, keeps and gives back when its type, families and policies change.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { IPAddress, Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { clusterIpsOf } from '../../k8s/service-addresses.ts';
import { type Admission, RANGES, createAdmission } from '../../../test/support/admission.ts';
import { createKinds } from '../kinds/kinds.ts';
import { ownedNodePorts } from './node-ports.ts';

const serviceOf = (name: string, spec: ServiceSpec): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ name: 'http', port: 80 }], ...spec },
});

const firstNodePort = ({ spec }: Service): number | undefined => spec?.ports?.[0]?.nodePort;

/** The least that a user sets for each type. */
const TYPES: Readonly<Record<string, ServiceSpec>> = {
  ClusterIP: { type: 'ClusterIP' },
  NodePort: { type: 'NodePort' },
  LoadBalancer: { type: 'LoadBalancer' },
  LocalBalancer: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' },
  ExternalName: { type: 'ExternalName', externalName: 'example.com' },
};

/** `ip`, `nodePort` and `healthCheck`: what the Service has. */
const holdings = ({ spec = {} }: Service): string =>
  [
    clusterIpsOf({ spec }).length > 0 && 'ip',
    spec.ports?.some(({ nodePort }) => nodePort) && 'nodePort',
    spec.healthCheckNodePort && 'healthCheck',
  ]
    .filter(Boolean)
    .join(' ');

const EXPECTED: Readonly<Record<string, string>> = {
  ClusterIP: 'ip',
  NodePort: 'ip nodePort',
  LoadBalancer: 'ip nodePort',
  LocalBalancer: 'ip nodePort healthCheck',
  ExternalName: '',
};

describe('a change of the type', () => {
  for (const [from, before] of Object.entries(TYPES))
    for (const [to, after] of Object.entries(TYPES))
      it(`${from} to ${to}`, () => {
        const { create, update } = createAdmission();
        const first = create(serviceOf('a', before));
        assert.equal(holdings(first), EXPECTED[from]);
        // As a patch does: all that is there, and the fields that make the new type.
        const { externalTrafficPolicy: _policy, ...kept } = first.spec!;
        const second = update({ ...first, spec: { ...kept, ...after } });
        assert.equal(holdings(second), EXPECTED[to]);
        const isKept = from !== 'ExternalName' && to !== 'ExternalName';
        if (isKept) assert.equal(second.spec?.clusterIP, first.spec?.clusterIP);
        const [port, portBefore] = [firstNodePort(second), firstNodePort(first)];
        if (port && portBefore) assert.equal(port, portBefore);
        assert.equal(second.spec?.allocateLoadBalancerNodePorts, /Balancer/.test(to) ? true : undefined);
      });

  it('away from LoadBalancer ends its status, its class and its policy', () => {
    const { create, update } = createAdmission();
    const made = create(serviceOf('a', { ...TYPES['LocalBalancer'], loadBalancerClass: 'example.com/lb' }));
    const balanced = { ...made, status: { loadBalancer: { ingress: [{ ip: '192.0.2.1', ipMode: 'VIP' }] } } };
    const { spec, status } = update({ ...balanced, spec: { ...made.spec, type: 'ClusterIP' } });
    assert.deepEqual(status, { loadBalancer: {} });
    assert.deepEqual(
      [spec?.loadBalancerClass, spec?.externalTrafficPolicy, spec?.healthCheckNodePort],
      [undefined, undefined, undefined],
    );
  });

  it('with a value that the new type does not have is refused', () => {
    const { create, update } = createAdmission();
    const made = create(serviceOf('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }));
    const ports = [{ port: 80, nodePort: 30081 }];
    assert.throws(() => update({ ...made, spec: { ...made.spec, type: 'ClusterIP', ports } }), {
      message: "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    });
  });
});

describe('a LoadBalancer', () => {
  it('without node ports keeps those it has until they are cleared, and gets them when it wants them', () => {
    const { create, update } = createAdmission();
    const made = create(serviceOf('a', { type: 'LoadBalancer' }));
    const port = firstNodePort(made)!;
    const unwanted = update({ ...made, spec: { ...made.spec, allocateLoadBalancerNodePorts: false } });
    assert.equal(firstNodePort(unwanted), port);
    const cleared = update({
      ...unwanted,
      spec: { ...unwanted.spec, ports: [{ name: 'http', port: 80 }] },
    });
    assert.equal(firstNodePort(cleared), undefined);
    create(serviceOf('b', { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }));
    const wanted = update({ ...cleared, spec: { ...cleared.spec, allocateLoadBalancerNodePorts: true } });
    assert.ok(firstNodePort(wanted)! >= 30000);
  });

  it('keeps its class as long as it is one', () => {
    const { create, update } = createAdmission();
    const made = create(serviceOf('a', { type: 'LoadBalancer', loadBalancerClass: 'example.com/a' }));
    assert.throws(() => update({ ...made, spec: { ...made.spec, loadBalancerClass: 'example.com/b' } }), {
      message: 'spec.loadBalancerClass: Invalid value: "example.com/b": may not change once set',
    });
    const inner = update({ ...made, spec: { ...made.spec, type: 'ClusterIP' } });
    const spec = { ...inner.spec, type: 'LoadBalancer', loadBalancerClass: 'example.com/b' };
    assert.equal(update({ ...inner, spec }).spec?.loadBalancerClass, 'example.com/b');
  });
});

describe('ipFamilyPolicy', () => {
  const families = ({ spec }: Service): string => `${spec?.ipFamilyPolicy} ${spec?.ipFamilies?.join()}`;

  it('PreferDualStack and RequireDualStack get both families, in the order that is asked for', () => {
    for (const ipFamilyPolicy of ['PreferDualStack', 'RequireDualStack']) {
      const { create } = createAdmission();
      assert.equal(families(create(serviceOf('a', { ipFamilyPolicy }))), `${ipFamilyPolicy} IPv4,IPv6`);
      const turned = create(serviceOf('b', { ipFamilyPolicy, ipFamilies: ['IPv6', 'IPv4'] }));
      assert.equal(families(turned), `${ipFamilyPolicy} IPv6,IPv4`);
      assert.match(turned.spec!.clusterIP!, /^fd00:/);
    }
  });

  it('the first family and address stay, the second comes and goes', () => {
    const { create, update } = createAdmission();
    const single = create(serviceOf('a', { ipFamilies: ['IPv6'] }));
    const dual = update({ ...single, spec: { ...single.spec, ipFamilyPolicy: 'RequireDualStack' } });
    assert.equal(families(dual), 'RequireDualStack IPv6,IPv4');
    assert.equal(dual.spec?.clusterIPs?.[0], single.spec?.clusterIP);
    assert.throws(() => update({ ...dual, spec: { ...dual.spec, ipFamilies: ['IPv4', 'IPv6'] } }), {
      message: /spec\.ipFamilies\[0\]: Invalid value: .*may not change once set/,
    });
    const second = { clusterIPs: dual.spec!.clusterIPs!.slice(0, 1), ipFamilies: ['IPv6'] };
    assert.throws(() => update({ ...dual, spec: { ...dual.spec, ...second } }), {
      message: /spec\.ipFamilyPolicy: .*must be/,
    });
    const back = update({ ...dual, spec: { ...dual.spec, ipFamilyPolicy: 'SingleStack' } });
    assert.equal(families(back), 'SingleStack IPv6');
  });

  it('an address or a family of the other kind is named, and the policy says two', () => {
    const { create } = createAdmission();
    assert.throws(() => create(serviceOf('a', { clusterIP: '10.96.0.5', ipFamilies: ['IPv6'] })), {
      message: /expected an IPv6 value as indicated by `ipFamilies\[0\]`/,
    });
    assert.throws(() => create(serviceOf('a', { ipFamilies: ['IPv4', 'IPv6'] })), {
      message: /must be 'RequireDualStack' or 'PreferDualStack' when multiple IP families are specified/,
    });
  });
});

describe('whatever happens to Services', () => {
  const SMALL = { ...RANGES, nodePortRange: { first: 30000, last: 30029 } } as const;
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c'),
    type: fc.constantFrom(...Object.keys(TYPES)),
    ipFamilyPolicy: fc.constantFrom('SingleStack', 'PreferDualStack', 'RequireDualStack'),
    nodePort: fc.constantFrom(undefined, 30001, 30002),
    clusterIP: fc.constantFrom(undefined, '10.96.0.1', '10.96.0.2'),
    action: fc.constantFrom('create', 'update', 'delete'),
  });
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  const attempt = (admission: Admission, { name, type, nodePort, clusterIP, ...rest }: Step): void => {
    const stored = admission.all('Service').find(({ metadata }) => metadata?.name === name) as Service;
    const { action, ipFamilyPolicy } = rest;
    const addresses = type === 'ExternalName' ? {} : { ipFamilyPolicy, ...(clusterIP && { clusterIP }) };
    const ports = [{ name: 'http', port: 80, ...(nodePort && { nodePort }) }];
    const spec = { ...TYPES[type], ...addresses, ports };
    if (action === 'delete' && stored) admission.delete(stored);
    if (action === 'create' && !stored) admission.create(serviceOf(name, spec));
    if (action === 'update' && stored) admission.update({ ...stored, spec: { ...stored.spec, ...spec } });
  };

  /** What is refused must leave everything as it was. */
  const run = (admission: Admission, steps: readonly Step[]): void => {
    for (const each of steps)
      try {
        attempt(admission, each);
      } catch (error) {
        assert.match(String(error), /spec\.|Internal error occurred/);
      }
  };

  it('each address has one IPAddress, nothing is owned twice, and all comes back in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const admission = createAdmission(createKinds(SMALL));
        run(admission, steps);
        const services = admission.all('Service') as readonly Service[];
        const addresses = admission.all('IPAddress') as readonly IPAddress[];
        assert.deepEqual(
          addresses.map(({ metadata, spec }) => `${metadata?.name} ${spec.parentRef.name}`).sort(),
          services.flatMap((each) => clusterIpsOf(each).map((ip) => `${ip} ${each.metadata?.name}`)).sort(),
        );
        const ports = services.flatMap(({ spec }) => [...ownedNodePorts(spec)]);
        assert.equal(new Set(ports).size, ports.length);
        for (const each of services) admission.delete(each);
        assert.deepEqual(admission.all('IPAddress'), []);
        for (let port = 30000; port <= 30029; port++)
          admission.create(
            serviceOf(`n${port}`, { type: 'NodePort', ports: [{ port: 80, nodePort: port }] }),
          );
      }),
      { numRuns: 200 },
    );
  });
});
