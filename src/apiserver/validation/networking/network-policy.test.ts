// The findings on NetworkPolicies are those of kube-apiserver 1.36, word for word and in its order
// (kubernetes pkg/apis/networking/validation/validation.go); its warnings are too, and one of our own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { createAdmission } from '../../../../test/support/admission.ts';
import type { NetworkPolicy, NetworkPolicySpec } from '../../../k8s/generated/types.ts';
import { validateNetworkPolicy } from './network-policy.ts';

const policy = (yaml: string): NetworkPolicy => ({
  kind: 'NetworkPolicy',
  metadata: { name: 'p', namespace: 'default' },
  spec: parse(yaml) as NetworkPolicySpec,
});

const findings = (yaml: string): readonly string[] =>
  validateNetworkPolicy(policy(yaml), undefined).map(({ field, message }) => `${field}: ${message}`);

const port = (yaml: string): string => `{ podSelector: {}, ingress: [{ ports: [${yaml}] }] }`;
const peer = (yaml: string): string => `{ podSelector: {}, egress: [{ to: [${yaml}] }] }`;
const block = (yaml: string): string => peer(`{ ipBlock: ${yaml} }`);

const PORT = 'spec.ingress[0].ports[0]';
const PEER = 'spec.egress[0].to[0]';
const LABEL_KEY =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

const TAKEN: Readonly<Record<string, string>> = {
  'nothing but a selector': '{ podSelector: {} }',
  'a rule for everything': '{ podSelector: {}, ingress: [{}], egress: [{}], policyTypes: [Ingress, Egress] }',
  'a protocol alone': port('{ protocol: SCTP }'),
  'a named port': port('{ port: web-1, protocol: UDP }'),
  'a range of one port': port('{ port: 80, endPort: 80 }'),
  'a range up to the last port': port('{ port: 1, endPort: 65535 }'),
  'both selectors in one peer': peer('{ podSelector: {}, namespaceSelector: {} }'),
  'all of IPv6 but a part': block('{ cidr: "::/0", except: ["fd00::/8", "2001:db8::/32"] }'),
  'all of IPv4': block('{ cidr: 0.0.0.0/0 }'),
};

const REFUSED: Readonly<Record<string, readonly [spec: string, ...found: string[]]>> = {
  'a port below 1': [
    port('{ port: 0 }'),
    `${PORT}.port: Invalid value: 0: must be between 1 and 65535, inclusive`,
  ],
  'a port above 65535': [
    port('{ port: 65536 }'),
    `${PORT}.port: Invalid value: 65536: must be between 1 and 65535, inclusive`,
  ],
  'a port name with a bad letter': [
    port('{ port: "Web" }'),
    `${PORT}.port: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)`,
  ],
  'a port name that is too long': [
    port('{ port: sixteen-letters-x }'),
    `${PORT}.port: Invalid value: "sixteen-letters-x": must be no more than 15 characters`,
  ],
  'a port name without a letter': [
    port('{ port: "80" }'),
    `${PORT}.port: Invalid value: "80": must contain at least one letter (a-z)`,
  ],
  'an unknown protocol': [
    port('{ protocol: ICMP, port: 80 }'),
    `${PORT}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"`,
  ],
  'a range that ends before it begins': [
    port('{ port: 80, endPort: 79 }'),
    `${PORT}.endPort: Invalid value: 80: must be greater than or equal to \`port\``,
  ],
  'a range that ends nowhere': [
    port('{ port: 80, endPort: 65536 }'),
    `${PORT}.endPort: Invalid value: 65536: must be between 1 and 65535, inclusive`,
  ],
  'an end without a beginning': [
    port('{ endPort: 80 }'),
    `${PORT}.endPort: Invalid value: 80: may not be specified when \`port\` is not specified`,
  ],
  'a range from a named port': [
    port('{ port: -web, endPort: 80 }'),
    `${PORT}.endPort: Invalid value: 80: may not be specified when \`port\` is non-numeric`,
    `${PORT}.port: Invalid value: "-web": must not begin or end with a hyphen`,
  ],
  'an empty peer': [peer('{}'), `${PEER}: Required value: must specify a peer`],
  'a block with a pod selector': [
    peer('{ ipBlock: { cidr: 10.0.0.0/8 }, podSelector: {} }'),
    `${PEER}: Forbidden: may not specify both ipBlock and another peer`,
  ],
  'a block with a namespace selector': [
    peer('{ ipBlock: { cidr: 10.0.0.0/8 }, namespaceSelector: {} }'),
    `${PEER}: Forbidden: may not specify both ipBlock and another peer`,
  ],
  'an empty block': [block('{ cidr: "" }'), `${PEER}.ipBlock.cidr: Required value`],
  'an address for a block': [
    block('{ cidr: 10.0.0.1 }'),
    `${PEER}.ipBlock.cidr: Invalid value: "10.0.0.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
  ],
  'a block with bits beyond its length': [
    block('{ cidr: 10.0.0.1/8 }'),
    `${PEER}.ipBlock.cidr: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length`,
  ],
  'a block with leading zeros': [
    block('{ cidr: 010.0.0.0/8 }'),
    `${PEER}.ipBlock.cidr: Invalid value: "010.0.0.0/8": must not have leading 0s in IP or prefix length`,
  ],
  'an IPv4 block in IPv6 clothes': [
    block('{ cidr: "::ffff:10.0.0.0/104" }'),
    `${PEER}.ipBlock.cidr: Invalid value: "::ffff:10.0.0.0/104": must not have an IPv4-mapped IPv6 address`,
  ],
  'exceptions that are none': [
    block('{ cidr: 10.0.0.0/8, except: [10.0.0.0/8, 11.0.0.0/16, 0.0.0.0/0, "fd00::/8", nothing] }'),
    ...['10.0.0.0/8', '11.0.0.0/16', '0.0.0.0/0', 'fd00::/8'].map(
      (text, i) =>
        `${PEER}.ipBlock.except[${i}]: Invalid value: "${text}": must be a strict subset of \`cidr\``,
    ),
    `${PEER}.ipBlock.except[4]: Invalid value: "nothing": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
  ],
  'a bad key in the selector': [
    '{ podSelector: { matchLabels: { "a b": c } } }',
    `spec.podSelector.matchLabels: Invalid value: "a b": ${LABEL_KEY}`,
  ],
  'a bad value in a peer': [
    peer('{ podSelector: { matchLabels: { a: "b c" } } }'),
    `${PEER}.podSelector.matchLabels: Invalid value: "b c": ${LABEL_VALUE}`,
  ],
  'an operator without its values': [
    peer('{ namespaceSelector: { matchExpressions: [{ key: a, operator: In }] } }'),
    `${PEER}.namespaceSelector.matchExpressions[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  'an operator with values that it has none of': [
    '{ podSelector: { matchExpressions: [{ key: a, operator: Exists, values: [b] }] } }',
    "spec.podSelector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
  ],
  'an unknown operator': [
    '{ podSelector: { matchExpressions: [{ key: a, operator: Gt, values: ["1"] }] } }',
    'spec.podSelector.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator',
  ],
  'an unknown type': [
    '{ podSelector: {}, policyTypes: [Ingress, Both] }',
    'spec.policyTypes[1]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
  ],
  'more types than there are': [
    '{ podSelector: {}, policyTypes: [Ingress, Egress, Both] }',
    'spec.policyTypes: Invalid value: ["Ingress","Egress","Both"]: may not specify more than two policyTypes',
  ],
};

describe('validateNetworkPolicy()', () => {
  for (const [what, spec] of Object.entries(TAKEN))
    it(`takes ${what}`, () => assert.deepEqual(findings(spec), []));

  for (const [what, [spec, ...found]] of Object.entries(REFUSED))
    it(`refuses ${what}`, () => assert.deepEqual(findings(spec), found));

  it('leaves blocks that are stored already as they are, wherever they stand now', () => {
    const before = policy(block('{ cidr: 10.0.0.1/8, except: [010.1.0.0/16] }'));
    const moved = policy(
      '{ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.1/8, except: [010.1.0.0/16] } }] }] }',
    );
    assert.deepEqual(validateNetworkPolicy(moved, undefined, before), []);
  });
});

describe('networkPolicyWarnings()', () => {
  const pod = (name: string, labels: Readonly<Record<string, string>>, hostNetwork = false): object => ({
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels },
    spec: { containers: [{ name: 'c', image: 'i' }], hostNetwork },
  });
  const UNSELECTED = 'spec.podSelector: no pod in the namespace "default" is selected by "app=web" now';
  const WEB = '{ podSelector: { matchLabels: { app: web } } }';

  it('speaks of prefixes in a notation that is not the usual one', () => {
    const admission = createAdmission();
    admission.create(policy(block('{ cidr: "FD00::/8", except: ["fd00:0::/16"] }')));
    assert.deepEqual(admission.warnings(), [
      `${PEER}.ipBlock.cidr: IPv6 CIDR value "FD00::/8" should be in RFC 5952 canonical format ("fd00::/8")`,
      `${PEER}.ipBlock.except[0]: IPv6 CIDR value "fd00:0::/16" should be in RFC 5952 canonical format ("fd00::/16")`,
    ]);
  });

  it('speaks of a selector that selects no pod, on create, dry run and update', () => {
    const admission = createAdmission();
    admission.create(policy(WEB), { dryRun: true });
    assert.deepEqual(admission.warnings(), [UNSELECTED]);
    admission.create(policy(WEB));
    assert.deepEqual(admission.warnings(), [UNSELECTED]);
    admission.create(pod('other', { app: 'db' }) as NetworkPolicy);
    admission.create(pod('host', { app: 'web' }, true) as NetworkPolicy);
    admission.update(policy(WEB));
    assert.deepEqual(admission.warnings(), [UNSELECTED]);
  });

  it('is silent where a pod is selected, and where all are meant', () => {
    const admission = createAdmission();
    admission.create({ ...policy('{ podSelector: {} }'), metadata: { name: 'all', namespace: 'default' } });
    admission.create(pod('web', { app: 'web' }) as NetworkPolicy);
    admission.create(policy(WEB));
    assert.deepEqual(admission.warnings(), []);
  });
});
