// Addresses in the API: ServiceCIDRs, IPAddresses, the strict rules for what is new and the patience with what is old.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoints, Service, ServiceSpec } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { createAdmission, textOf } from '../../../test/support/admission.ts';
import { generatedNameFindings, nameFindings } from '../object-meta/name.ts';
import { validateEndpointSlice, validateEndpoints } from './endpoints.ts';
import { validateServiceStatus } from './service-status.ts';
import { validateService } from './service.ts';

const refusal = (object: KubeObject): string => {
  try {
    createAdmission().create(object);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

const range = (...cidrs: readonly string[]) => ({
  kind: 'ServiceCIDR',
  metadata: { name: 'a' },
  spec: { cidrs },
});

describe('a ServiceCIDR', () => {
  it('has one or two prefixes in canonical form, one a family', () => {
    assert.equal(refusal(range('10.0.0.0/24', 'fd00::/64')), '');
    assert.equal(refusal(range()), 'spec.cidrs: Required value: at least one CIDR required');
    assert.equal(
      refusal(range('10.0.0.0/8', '11.0.0.0/8', 'fd00::/64')),
      'spec.cidrs: Invalid value: {"cidrs":["10.0.0.0/8","11.0.0.0/8","fd00::/64"]}: may only hold up to 2 values',
    );
    assert.equal(
      refusal(range('10.0.0.0/8', '11.0.0.0/8')),
      'spec.cidrs: Invalid value: ["10.0.0.0/8","11.0.0.0/8"]: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
    );
    const at = 'spec.cidrs[0]: Invalid value:';
    assert.equal(
      refusal(range('10.0.0.1/8')),
      `${at} "10.0.0.1/8": must not have bits set beyond the prefix length`,
    );
    assert.equal(
      refusal(range('010.0.0.0/8')),
      `${at} "010.0.0.0/8": must not have leading 0s in IP or prefix length`,
    );
    assert.equal(refusal(range('FD00::/64')), `${at} "FD00::/64": must be in canonical form ("fd00::/64")`);
    assert.equal(
      refusal(range('10.0.0.0')),
      `${at} "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
    );
  });

  it('keeps what it has, and may gain a family', () => {
    const { create, update } = createAdmission();
    create(range('10.0.0.0/24'));
    assert.throws(() => update(range('10.1.0.0/24')), {
      message: 'spec.cidrs[0]: Invalid value: "10.1.0.0/24": field is immutable',
    });
    update(range('10.0.0.0/24', 'fd00::/64'));
    assert.throws(() => update(range('10.0.0.0/24')), {
      message: 'spec.cidrs: Invalid value: ["10.0.0.0/24"]: field is immutable',
    });
  });
});

describe('an IPAddress', () => {
  it('is named by an address in canonical form', () => {
    assert.deepEqual(nameFindings('ipAddress', '10.0.0.1'), []);
    assert.deepEqual(nameFindings('ipAddress', 'fd00::1'), []);
    assert.deepEqual(nameFindings('ipAddress', 'FD00::1'), ['must be in canonical form ("fd00::1")']);
    assert.deepEqual(nameFindings('ipAddress', '10.0.0.01'), ['must not have leading 0s']);
    assert.deepEqual(nameFindings('ipAddress', '::ffff:10.0.0.1'), [
      'must not be an IPv4-mapped IPv6 address',
    ]);
    assert.deepEqual(generatedNameFindings('ipAddress', 'web-'), [
      'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]);
  });

  it('has a parent, for good', () => {
    const address = (spec: object) => ({ kind: 'IPAddress', metadata: { name: '10.0.0.1' }, spec });
    assert.equal(refusal(address({})), 'spec.parentRef: Required value');
    assert.equal(
      refusal(address({ parentRef: { group: 'A', name: 'a/b', namespace: '..' } })),
      [
        "spec.parentRef.group: Invalid value: \"A\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
        'spec.parentRef.resource: Required value',
        'spec.parentRef.name: Invalid value: "a/b": may not contain \'/\'',
        'spec.parentRef.namespace: Invalid value: "..": may not be \'..\'',
      ].join('\n'),
    );
    const { create, update, row } = createAdmission();
    const made = create(address({ parentRef: { resource: 'services', namespace: 'ns', name: 'web' } }));
    assert.match(row(made, 0), /^10\.0\.0\.1 \| services\/ns\/web/);
    assert.throws(() => update(address({ parentRef: { resource: 'services', name: 'other' } })), {
      message: /^spec\.parentRef: Invalid value: .*: field is immutable$/,
    });
  });
});

const service = (spec: ServiceSpec, annotations: Readonly<Record<string, string>> = {}): Service => ({
  kind: 'Service',
  metadata: { name: 'a', namespace: 'default', annotations },
  spec: { ports: [{ port: 80 }], ...spec },
});

describe('an old object', () => {
  const full: ServiceSpec = {
    type: 'LoadBalancer',
    sessionAffinity: 'None',
    externalTrafficPolicy: 'Cluster',
    ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
    clusterIP: '010.096.0.5',
    clusterIPs: ['010.096.0.5'],
    externalIPs: ['::ffff:10.1.2.3'],
    loadBalancerSourceRanges: ['10.1.2.3/8'],
  };
  const errors = (spec: ServiceSpec, before?: ServiceSpec): string =>
    textOf(validateService(service(spec), undefined, before && service(before)));

  it('keeps the addresses that are refused in a new one', () => {
    assert.equal(
      errors(full),
      [
        'spec.clusterIPs[0]: Invalid value: "010.096.0.5": must not have leading 0s',
        'spec.externalIPs[0]: Invalid value: "::ffff:10.1.2.3": must not be an IPv4-mapped IPv6 address',
        'spec.LoadBalancerSourceRanges[0]: Invalid value: "10.1.2.3/8": must not have bits set beyond the prefix length',
      ].join('\n'),
    );
    assert.equal(errors(full, full), '');
    assert.match(errors({ ...full, externalIPs: ['::ffff:10.1.2.4'] }, full), /"::ffff:10\.1\.2\.4"/);
  });

  it('Endpoints too, wherever in them the address was', () => {
    const of = (key: 'addresses' | 'notReadyAddresses'): Endpoints => ({
      subsets: [{ [key]: [{ ip: '10.0.0.010' }] }],
    });
    assert.match(textOf(validateEndpoints(of('addresses'))), /must not have leading 0s/);
    assert.equal(textOf(validateEndpoints(of('addresses'), undefined, of('notReadyAddresses'))), '');
  });

  it('EndpointSlices too', () => {
    const slice = { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.010'] }] };
    assert.match(textOf(validateEndpointSlice(slice)), /must not have leading 0s/);
    assert.equal(textOf(validateEndpointSlice(slice, undefined, slice)), '');
  });
});

describe('warnings', () => {
  const warned = (object: KubeObject): readonly string[] => {
    const { create, warnings } = createAdmission();
    create(object);
    return warnings();
  };

  it('none for an ordinary Service', () => {
    assert.deepEqual(warned(service({ type: 'NodePort' })), []);
  });

  it('of what is deprecated, ignored, or oddly written', () => {
    assert.deepEqual(warned(service({ externalIPs: ['FD00::1'], trafficDistribution: 'PreferClose' })), [
      'spec.externalIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ]);
    assert.deepEqual(
      warned(service({ clusterIP: 'None', loadBalancerIP: '10.0.0.010', sessionAffinity: 'ClientIP' })),
      [
        'spec.loadBalancerIP is ignored for headless services',
        'spec.SessionAffinity is ignored for headless services',
        'spec.loadBalancerIP: non-standard IP address "10.0.0.010" is invalid: use "10.0.0.10"',
      ],
    );
    assert.deepEqual(warned(service({ externalName: 'example.com' })), [
      'spec.externalName is ignored when spec.type is not "ExternalName"',
    ]);
    const ranges = ['FD00::/64'];
    assert.deepEqual(warned(service({ type: 'LoadBalancer', loadBalancerSourceRanges: ranges })), [
      'spec.loadBalancerSourceRanges[0]: IPv6 CIDR value "FD00::/64" should be in RFC 5952 canonical format ("fd00::/64")',
    ]);
    assert.deepEqual(warned(service({}, { 'service.kubernetes.io/topology-aware-hints': 'auto' })), [
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
    ]);
  });

  it('of Endpoints that users write', () => {
    const endpoints = {
      kind: 'Endpoints',
      metadata: { name: 'a', namespace: 'default' },
      subsets: [{ addresses: [{ ip: 'FD00::1' }] }],
    };
    assert.deepEqual(warned(endpoints), [
      'subsets[0].addresses[0].ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
    ]);
  });
});

describe("a load balancer's source ranges", () => {
  const annotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';

  it('may be an annotation, by the same rules', () => {
    const balanced = { type: 'LoadBalancer' };
    assert.equal(refusal(service(balanced, { [annotation]: ' 10.0.0.0/8, fd00::/8 ' })), '');
    assert.match(
      refusal(service(balanced, { [annotation]: '10.0.0.0/8,x' })),
      /^metadata\.annotations\[service\.beta\.kubernetes\.io\/load-balancer-source-ranges\]: Invalid value: "x"/,
    );
    assert.match(
      refusal(service({}, { [annotation]: '10.0.0.0/8' })),
      /: Forbidden: may only be used when `type` is 'LoadBalancer'$/,
    );
  });
});

describe("a Service's status", () => {
  it('names points of a load balancer by address and mode, or by name', () => {
    const check = (type: string, ingress: readonly object[]): string =>
      textOf(
        validateServiceStatus({ spec: { type }, status: { loadBalancer: { ingress } } } as Service, {
          spec: { type },
        }),
      );
    assert.equal(
      check('LoadBalancer', [{ ip: '192.0.2.1', ipMode: 'VIP' }, { hostname: 'lb.example.com' }]),
      '',
    );
    assert.equal(
      check('ClusterIP', [{ ip: '192.0.2.1', ipMode: 'VIP' }]),
      "status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is 'LoadBalancer'",
    );
    assert.equal(
      check('LoadBalancer', [
        { ip: 'x' },
        { ip: '192.0.2.1', ipMode: 'DSR' },
        { hostname: '192.0.2.1', ipMode: 'VIP' },
      ]),
      [
        'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
        'status.loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set',
        'status.loadBalancer.ingress[1].ipMode: Unsupported value: "DSR": supported values: "Proxy", "VIP"',
        'status.loadBalancer.ingress[2].ipMode: Forbidden: may not be specified when `ip` is not set',
        'status.loadBalancer.ingress[2].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address',
      ].join('\n'),
    );
  });
});

describe("a Service's ports", () => {
  it('may be none where nothing is proxied, and of several protocols on one load balancer', () => {
    assert.equal(refusal(service({ clusterIP: 'None', ports: [] })), '');
    assert.equal(refusal(service({ type: 'ExternalName', externalName: 'example.com', ports: [] })), '');
    assert.equal(refusal(service({ ports: [] })), 'spec.ports: Required value');
    const ports = [
      { name: 'tcp', port: 443 },
      { name: 'udp', port: 443, protocol: 'UDP' },
      { name: 'sctp', port: 443, protocol: 'SCTP' },
    ];
    assert.equal(refusal(service({ type: 'LoadBalancer', ports })), '');
  });

  it('speak an application protocol that is a name, prefixed or not', () => {
    const speaking = (appProtocol: string) => service({ ports: [{ port: 80, appProtocol }] });
    for (const known of ['http', 'kubernetes.io/h2c', 'kubernetes.io/ws', 'example.com/own'])
      assert.equal(refusal(speaking(known)), '', known);
    assert.match(refusal(speaking('a/b/c')), /^spec\.ports\[0\]\.appProtocol: Invalid value: "a\/b\/c"/);
  });
});
