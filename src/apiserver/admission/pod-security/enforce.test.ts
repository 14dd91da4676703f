// The labels of a namespace at work, through the API's verbs.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { statusOf } from '../../../../test/support/registry-verbs.ts';
import { createTestRegistry, testContext } from '../../../../test/support/test-registry.ts';
import { RANGES } from '../../../../test/support/admission.ts';
import type { Draft, Kind } from '../../kind.ts';
import { createKinds } from '../../kinds/kinds.ts';
import type { Registry, RequestContext } from '../../registry.ts';
import { deployments, namespaces, pods, serviceAccounts } from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';

let registry: Registry;
let warnings: string[];
let annotations: Record<string, string>;

const kind = (resource: Resource): Kind => registry.kinds.find(resource)!;
const context = (): RequestContext =>
  testContext({
    warn: (text) => warnings.push(text),
    annotate: (key, value) => {
      annotations[key] = value;
    },
  });
const create = (resource: Resource, name: string, rest: object = {}) =>
  registry.create(
    kind(resource),
    resource.namespaced ? 'n' : undefined,
    { metadata: { name }, ...rest } as Draft,
    context(),
  );
const label = (labels: Readonly<Record<string, string | null>>) =>
  registry.patch(
    kind(namespaces),
    { name: 'n' },
    {
      type: 'application/merge-patch+json',
      body: {
        metadata: {
          labels: Object.fromEntries(
            Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]),
          ),
        },
      },
    },
    context(),
  );
const spec = (securityContext: object = {}) => ({
  containers: [{ name: 'c', image: 'i', securityContext }],
});

beforeEach(async () => {
  ({ registry } = await createTestRegistry({ kinds: createKinds(RANGES) }));
  [warnings, annotations] = [[], {}];
  await create(namespaces, 'n');
  await create(serviceAccounts, 'default');
});

const VIOLATIONS =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
  'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
  'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
  'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

describe('PodSecurity', () => {
  it('refuses what the namespace forbids', async () => {
    await label({ enforce: 'restricted' });
    const { code, reason, message } = await statusOf(create(pods, 'p', { spec: spec() }));
    assert.deepEqual(
      [code, reason, message],
      [403, 'Forbidden', `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${VIOLATIONS}`],
    );
    assert.equal(annotations['pod-security.kubernetes.io/enforce-policy'], 'restricted:latest');
  });

  it('asks the version that the label names', async () => {
    await label({ enforce: 'restricted', 'enforce-version': 'v1.7' });
    const { message } = await statusOf(create(pods, 'p', { spec: spec() }));
    assert.match(message!, /violates PodSecurity "restricted:v1\.7": runAsNonRoot != true \([^)]*\)$/);
  });

  it('warns and audits where the labels say so, and lets pass', async () => {
    await label({ warn: 'restricted', audit: 'baseline' });
    await create(pods, 'p', { spec: spec({ privileged: true }) });
    assert.match(warnings[0]!, /^would violate PodSecurity "restricted:latest": privileged /);
    assert.equal(
      annotations['pod-security.kubernetes.io/audit-violations'],
      'would violate PodSecurity "baseline:latest": privileged (container "c" must not set securityContext.privileged=true)',
    );
  });

  it('warns of templates, and lets workloads pass', async () => {
    await label({ enforce: 'restricted' });
    const template = { metadata: { labels: { a: 'b' } }, spec: spec() };
    await create(deployments, 'd', { spec: { selector: { matchLabels: { a: 'b' } }, template } });
    assert.deepEqual(warnings, [`would violate PodSecurity "restricted:latest": ${VIOLATIONS}`]);
  });

  it('looks at updates that change what pods run', async () => {
    const made = await create(pods, 'p', { spec: spec() });
    await label({ enforce: 'restricted' });
    const patch = (body: object) =>
      registry.patch(
        kind(pods),
        made.metadata,
        { type: 'application/strategic-merge-patch+json', body },
        context(),
      );
    await patch({ metadata: { labels: { a: 'b' } } });
    await patch({ status: {} });
    assert.match(
      (await statusOf(patch({ spec: { containers: [{ name: 'c', image: 'other' }] } }))).message!,
      /violates PodSecurity "restricted:latest"/,
    );
  });

  it('warns of the pods that are there when the labels get stricter', async () => {
    for (const name of ['b', 'a', 'c']) await create(pods, name, { spec: spec() });
    await create(pods, 'd', { spec: spec({ privileged: true }) });
    await label({ enforce: 'baseline' });
    assert.deepEqual(warnings.splice(0), [
      'existing pods in namespace "n" violate the new PodSecurity enforce level "baseline:latest"',
      'd: privileged',
    ]);
    await label({ enforce: 'restricted' });
    const rest =
      'allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile';
    assert.deepEqual(warnings.splice(0), [
      'existing pods in namespace "n" violate the new PodSecurity enforce level "restricted:latest"',
      `a (and 2 other pods): ${rest}`,
      `d: privileged, ${rest}`,
    ]);
    await label({ enforce: 'privileged' });
    assert.deepEqual(warnings, []);
  });

  it('refuses labels that it does not understand', async () => {
    const { code, message } = await statusOf(label({ enforce: 'strict', 'warn-version': '1.2' }));
    assert.equal(code, 422);
    assert.match(
      message!,
      /metadata\.labels\[pod-security\.kubernetes\.io\/enforce\]: Invalid value: "strict": must be one of privileged, baseline, restricted/,
    );
    assert.match(
      message!,
      /metadata\.labels\[pod-security\.kubernetes\.io\/warn-version\]: Invalid value: "1\.2": must be "latest" or "v1\.x"/,
    );
  });
});
