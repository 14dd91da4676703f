// A manifest with a namespace and its pods: the ServiceAccount that the pods need comes a moment later.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRegistry } from '../../src/apiserver/create-registry.ts';
import { createInProcessClient } from '../../src/apiserver/in-process-client.ts';
import { createKinds } from '../../src/apiserver/kinds/kinds.ts';
import { namespaces, pods, serviceAccounts } from '../../src/k8s/resources.ts';
import { silentLog } from '../../src/lang/log.ts';
import { RANGES } from '../support/admission.ts';
import { createFakeClock, settle } from '../support/fake-clock.ts';

const POD = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } };

const start = async () => {
  const clock = createFakeClock();
  const registry = createRegistry({ kinds: createKinds(RANGES), clock, log: silentLog });
  const client = createInProcessClient(registry, { name: 'test', groups: [] });
  await client.create(namespaces, { metadata: { name: 'ns' } });
  /** What a creation has come to so far. */
  const watched = (creation: Promise<unknown>): { readonly outcome: () => string } => {
    let outcome = 'waiting';
    creation.then(
      () => (outcome = 'created'),
      (error: unknown) => (outcome = (error as Error).message),
    );
    return { outcome: () => outcome };
  };
  return { clock, client, watched };
};

describe("a pod's ServiceAccount", () => {
  it('is waited for, and the pod is made as soon as it is there', async () => {
    const { client, watched } = await start();
    const pod = watched(client.create(pods, POD, 'ns'));
    await settle();
    assert.equal(pod.outcome(), 'waiting');
    await client.create(serviceAccounts, { metadata: { name: 'other', namespace: 'ns' } });
    await settle();
    assert.equal(pod.outcome(), 'waiting');
    await client.create(serviceAccounts, { metadata: { name: 'default', namespace: 'ns' } });
    await settle();
    assert.equal(pod.outcome(), 'created');
  });

  it('that does not come is missed after a second and a half', async () => {
    const { clock, client, watched } = await start();
    const pod = watched(client.create(pods, POD, 'ns'));
    await clock.advance(1400);
    assert.equal(pod.outcome(), 'waiting');
    await clock.advance(200);
    assert.equal(
      pod.outcome(),
      'pods "p" is forbidden: error looking up service account ns/default: serviceaccount "default" not found',
    );
  });

  it('is not waited for when it is named by the user, or when the namespace is missing', async () => {
    const { client, watched } = await start();
    const named = { ...POD, spec: { ...POD.spec, serviceAccountName: 'robot' } };
    const outcomes = [watched(client.create(pods, named, 'ns')), watched(client.create(pods, POD, 'absent'))];
    await settle();
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome()),
      [
        'pods "p" is forbidden: error looking up service account ns/robot: serviceaccount "robot" not found',
        'namespaces "absent" not found',
      ],
    );
  });
});
