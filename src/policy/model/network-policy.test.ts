import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NetworkPolicySpec } from '../../k8s/generated/types.ts';
import { networkPolicyRules } from './network-policy.ts';
import { peerText, policyKeyText, portText, selectionText } from './rules.ts';
import type { PolicyRules, Rule } from './rules.ts';

const rulesOf = (spec: NetworkPolicySpec): PolicyRules =>
  networkPolicyRules({ metadata: { namespace: 'shop', name: 'p' }, spec });

const ruleText = ({ peers, ports }: Rule): string => {
  const peer = peers === 'any' ? 'anyone' : peers.map(peerText).join(' | ') || 'nobody';
  return `${peer} @ ${ports === 'any' ? 'anything' : ports.map(portText).join(' | ') || 'nothing'}`;
};

const listText = (rules: readonly Rule[] | undefined): string =>
  rules ? `[${rules.map(ruleText).join(', ')}]` : 'not concerned';

const directions = (spec: NetworkPolicySpec): string => {
  const { ingress, egress } = rulesOf(spec);
  return `in ${listText(ingress)}, out ${listText(egress)}`;
};

const web = { matchLabels: { app: 'web' } };
const team = { matchLabels: { team: 'a' } };

describe('networkPolicyRules()', () => {
  it('concerns ingress always, egress where there is a rule or the type says so', () => {
    const table: [NetworkPolicySpec, string][] = [
      [{}, 'in [], out not concerned'],
      [{ egress: [{}] }, 'in [], out [anyone @ anything]'],
      [{ egress: [] }, 'in [], out not concerned'],
      [{ policyTypes: ['Egress'] }, 'in not concerned, out []'],
      [{ policyTypes: ['Egress'], ingress: [{}] }, 'in not concerned, out []'],
      [{ policyTypes: ['Ingress'], egress: [{}] }, 'in [], out not concerned'],
      [{ policyTypes: ['Ingress', 'Egress'], ingress: [{}] }, 'in [anyone @ anything], out []'],
    ];
    for (const [spec, expected] of table) assert.equal(directions(spec), expected, JSON.stringify(spec));
  });

  it('reads peers', () => {
    const table: [object, string][] = [
      [{ podSelector: web }, 'pods app=web in namespace shop'],
      [{ podSelector: {} }, 'all pods in namespace shop'],
      [{ namespaceSelector: team }, 'all pods in namespaces team=a'],
      [{ namespaceSelector: {} }, 'all pods in all namespaces'],
      [{ namespaceSelector: team, podSelector: web }, 'pods app=web in namespaces team=a'],
      [{ ipBlock: { cidr: '10.0.0.0/8' } }, '10.0.0.0/8'],
      [
        { ipBlock: { cidr: '010.1.2.3/8', except: ['10.2.0.0/16', '10.1.0.0/16'] } },
        '10.0.0.0/8 except 10.1.0.0/16,10.2.0.0/16',
      ],
      [{ ipBlock: { cidr: 'FD00::1/8' } }, 'fd00::/8'],
    ];
    for (const [peer, expected] of table) {
      assert.equal(
        directions({ ingress: [{ from: [peer] }] }),
        `in [${expected} @ anything], out not concerned`,
      );
      assert.equal(listText(rulesOf({ egress: [{ to: [peer] }] }).egress), `[${expected} @ anything]`);
    }
  });

  it('reads ports', () => {
    const table: [object, string][] = [
      [{}, 'TCP'],
      [{ protocol: 'UDP' }, 'UDP'],
      [{ port: 80 }, 'TCP 80'],
      [{ port: 80, endPort: 90, protocol: 'SCTP' }, 'SCTP 80-90'],
      [{ port: 'http' }, 'TCP http'],
      [{ port: 'dns', protocol: 'UDP' }, 'UDP dns'],
    ];
    for (const [port, expected] of table)
      assert.equal(listText(rulesOf({ ingress: [{ ports: [port] }] }).ingress), `[anyone @ ${expected}]`);
  });

  it('keeps the peers and the ports of each rule together', () => {
    const ingress = [
      { from: [{ podSelector: web }], ports: [{ port: 80 }] },
      { ports: [{ port: 'x' }, { port: 1 }] },
    ];
    const { ingress: rules = [], subject, key, problems } = rulesOf({ podSelector: web, ingress });
    assert.equal(listText(rules), '[pods app=web in namespace shop @ TCP 80, anyone @ TCP x | TCP 1]');
    assert.deepEqual(
      rules.map(({ index, action }) => [index, action]),
      [
        [0, 'Accept'],
        [1, 'Accept'],
      ],
    );
    assert.equal(selectionText(subject), 'pods app=web in namespace shop');
    assert.equal(policyKeyText(key), 'NetworkPolicy shop/p');
    assert.deepEqual(problems, []);
  });
});

describe('networkPolicyRules() of what cannot be understood', () => {
  it('closes what it does not know, and no more, and says what', () => {
    const table: [object, string][] = [
      [{ from: [{ ipBlock: { cidr: 'ten' } }] }, 'nobody @ anything: from[0].ipBlock.cidr: "ten" is no CIDR'],
      [
        { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', 'x'] } }] },
        'nobody @ anything: from[0].ipBlock.except[1]: "x" is no CIDR',
      ],
      [{ from: [{}] }, 'nobody @ anything: from[0]: has no peer that is known'],
      [
        { from: [{ podSelector: web, ipBlock: { cidr: '10.0.0.0/8' } }] },
        'nobody @ anything: from[0]: has both an ipBlock and a selector',
      ],
      [
        {
          from: [
            { podSelector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } },
            { podSelector: web },
          ],
        },
        'pods app=web in namespace shop @ anything: from[0].podSelector: has an operator that is unknown',
      ],
      [{ ports: [{ protocol: 'DCCP' }] }, 'anyone @ nothing: ports[0].protocol: unknown "DCCP"'],
      [
        { ports: [{ port: 80 }, { endPort: 90 }] },
        'anyone @ TCP 80: ports[1].endPort: needs a port that is a number',
      ],
      [{ ports: [{ port: 90, endPort: 80 }] }, 'anyone @ nothing: ports[0]: 90-80 are no ports'],
      [{ ports: [{ port: 0 }] }, 'anyone @ nothing: ports[0]: 0 are no ports'],
    ];
    for (const [rule, expected] of table) {
      const { ingress = [], problems } = rulesOf({ ingress: [rule] });
      assert.equal(
        `${ruleText(ingress[0]!)}: ${problems.join()}`,
        expected.replace(/: /, ': spec.ingress[0].'),
      );
    }
  });

  it('isolates both directions where a type is unknown', () => {
    const spec = { policyTypes: ['Ingress', 'Sideways'], ingress: [{}] };
    assert.equal(directions(spec), 'in [], out []');
    assert.deepEqual(rulesOf(spec).problems, ['spec.policyTypes: unknown type "Sideways"']);
  });

  it('isolates the whole namespace where its own selector cannot be understood', () => {
    const spec = { podSelector: { matchExpressions: [{ key: 'a', operator: 'Like' }] }, ingress: [{}] };
    assert.equal(selectionText(rulesOf(spec).subject), 'all pods in namespace shop');
    assert.equal(directions(spec), 'in [], out not concerned');
  });
});
