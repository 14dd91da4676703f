// NetworkPolicies with real packets, of pods on one node and on several, of both families and protocols.
import { after, before, beforeEach, describe, it } from 'node:test';
import { ALL, NONE, createPolicyLab } from '../support/policy-lab.ts';
import type { PolicyLab } from '../support/policy-lab.ts';

let lab: PolicyLab;
before(async () => {
  lab = await createPolicyLab('policies');
});
beforeEach(() => lab.reset());
after(() => lab?.close());

describe('isolation', () => {
  it('without policies everyone reaches everyone', () =>
    lab.expect({ 'a > b:8080': ALL, 'a > c:8080': ALL, 'c > a:8080': ALL, 'host > a:8080': ALL }));

  it('a policy that selects a pod for ingress closes it, and nothing else', async () => {
    lab.putPolicy('x', 'deny', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] });
    await lab.expect({
      'b > a:8080': NONE,
      'c > a:8080': NONE,
      'host > a:8080': NONE,
      'a > b:8080': ALL,
      'a > c:8080': ALL,
      'a > host:8080': 'tcp4 tcp6',
      'c > b:8080': ALL,
    });
  });
});
