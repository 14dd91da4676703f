// Who refuses first: kube-apiserver validates an object before it asks the validating plugins, and those in the order
// LimitRanger, PodSecurity, ResourceQuota (pkg/kubeapiserver/options/plugins.go).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { statusOf } from '../../../test/support/registry-verbs.ts';
import { type WholeRegistry, createWholeRegistry } from '../../../test/support/whole-registry.ts';

const RESTRICTED =
  'allowPrivilegeEscalation: false, runAsNonRoot: true, capabilities: { drop: [ALL] }, seccompProfile: { type: RuntimeDefault }';

/** With so much of a CPU, and so confined. */
const pod = (cpu: string, security = '', ports = ''): string =>
  `spec: { containers: [{ name: c, image: i, resources: { limits: { cpu: ${cpu} } }, securityContext: { ${security} }${ports} }] }`;

describe('order of admission', () => {
  let whole: WholeRegistry;
  before(async () => {
    whole = await createWholeRegistry();
    await whole.patch('Namespace', 'ns', {
      metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
    });
    await whole.create('LimitRange', 'small', "spec: { limits: [{ type: Container, max: { cpu: '1' } }] }");
    await whole.create('ResourceQuota', 'none', "spec: { hard: { pods: '0' } }");
  });

  const refusal = async (yaml: string): Promise<string> => {
    const { code, message } = await statusOf(whole.create('Pod', 'a', yaml));
    return `${code} ${message}`;
  };

  it('what is invalid is not asked about', async () => {
    assert.match(await refusal(pod('2', '', ', ports: [{ containerPort: 0 }]')), /^422 .*containerPort/);
  });

  it('then limits, then PodSecurity, then quotas', async () => {
    assert.match(await refusal(pod('2')), /^403 .*maximum cpu usage per Container is 1, but limit is 2/);
    assert.match(await refusal(pod('1')), /^403 .*violates PodSecurity "restricted:latest"/);
    assert.match(await refusal(pod('1', RESTRICTED)), /^403 .*exceeded quota: none/);
  });
});
