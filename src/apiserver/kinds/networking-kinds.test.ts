// Ingresses and NetworkPolicies: defaults, admission, validation.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAdmission } from '../../../test/support/admission.ts';
import { object, stored, refusedOnCreate } from '../../../test/support/kind-manifests.ts';
import type { Ingress, NetworkPolicy } from '../../k8s/generated/types.ts';

describe('Ingress', () => {
  const CLASS = { kind: 'IngressClass', spec: { controller: 'example.com/c' } };
  it('gets the default class, the newest', () => {
    const admission = createAdmission();
    const annotations = { 'ingressclass.kubernetes.io/is-default-class': 'true' };
    for (const [name, creationTimestamp] of [
      ['old', '2026-01-01T00:00:00Z'],
      ['new', '2026-01-02T00:00:00Z'],
    ])
      admission.create({
        ...CLASS,
        metadata: { name: name!, creationTimestamp: creationTimestamp!, annotations },
      });
    const ingress = object<Ingress>(
      'Ingress',
      'spec: { defaultBackend: { service: { name: s, port: { number: 80 } } } }',
    );
    assert.equal(admission.create(ingress).spec?.ingressClassName, 'new');
  });

  it('is refused with bad hosts, paths and backends', () => {
    refusedOnCreate(
      'Ingress',
      'spec: {}',
      'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
    );
    refusedOnCreate(
      'Ingress',
      `spec:
  rules:
  - host: 10.0.0.1
    http: { paths: [{ path: a//b, pathType: Prefix, backend: { service: { name: s } } }, { path: /, backend: {} }] }
  - host: "*.example.com"
    http: { paths: [{ path: /a/.., pathType: Exact, backend: { resource: { kind: K, name: n }, service: { name: s, port: { number: 1 } } } }] }`,
      'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
      'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must be an absolute path',
      'spec.rules[0].http.paths[0].path: Invalid value: "a//b": must not contain \'//\'',
      'spec.rules[0].http.paths[0].backend: Required value: port name or number is required',
      'spec.rules[0].http.paths[1].pathType: Required value: pathType must be specified',
      'spec.rules[1].http.paths[0].path: Invalid value: "/a/..": cannot end with \'/..\'',
      'spec.rules[1].http.paths[0].backend: Invalid value: "": cannot set both resource and service backends',
    );
  });
});

describe('NetworkPolicy', () => {
  it('speaks of Ingress, and of Egress where it has rules for it', () => {
    const { spec } = stored<NetworkPolicy>(
      'NetworkPolicy',
      'spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] }',
    );
    assert.deepEqual(spec?.policyTypes, ['Ingress', 'Egress']);
    assert.deepEqual(spec?.egress, [{ ports: [{ port: 53, protocol: 'TCP' }] }]);
  });

  it('is refused with bad peers and ports', () => {
    refusedOnCreate(
      'NetworkPolicy',
      `spec:
  podSelector: {}
  policyTypes: [Sideways]
  ingress:
  - ports: [{ port: 80, endPort: 79 }, { endPort: 3 }, { port: web, endPort: 3 }, { port: 0, protocol: ICMP }]
    from: [{}, { ipBlock: { cidr: 10.0.0.0/8, except: [10.0.0.0/8, 11.0.0.0/16] }, podSelector: {} }, { ipBlock: { cidr: 10.0.0.1/8 } }]`,
      'spec.ingress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
      'spec.ingress[0].ports[1].endPort: Invalid value: 3: may not be specified when `port` is not specified',
      'spec.ingress[0].ports[2].endPort: Invalid value: 3: may not be specified when `port` is non-numeric',
      'spec.ingress[0].ports[3].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
      'spec.ingress[0].ports[3].port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.ingress[0].from[0]: Required value: must specify a peer',
      'spec.ingress[0].from[1].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
      'spec.ingress[0].from[1].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
      'spec.ingress[0].from[1]: Forbidden: may not specify both ipBlock and another peer',
      'spec.ingress[0].from[2].ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length',
      'spec.policyTypes[0]: Unsupported value: "Sideways": supported values: "Ingress", "Egress"',
    );
  });
});
