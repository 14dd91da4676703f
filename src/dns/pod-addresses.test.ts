import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { createFakeClient } from '../../test/support/fake-client.ts';
import { createFakeClock, settle } from '../../test/support/fake-clock.ts';
import { ApiError, failure } from '../k8s/api-error.ts';
import type { Pod, PodStatus } from '../k8s/generated/types.ts';
import { pods } from '../k8s/resources.ts';
import { silentLog } from '../lang/log.ts';
import { startPodAddresses } from './pod-addresses.ts';

const pod = (name: string, ips: readonly string[], more: PodStatus & { hostNetwork?: boolean } = {}): Pod => {
  const { hostNetwork = false, ...status } = more;
  return {
    metadata: { name, namespace: 'ns' },
    spec: { containers: [], hostNetwork },
    status: { phase: 'Running', podIPs: ips.map((ip) => ({ ip })), ...status },
  };
};

describe('startPodAddresses()', () => {
  const stops: (() => void)[] = [];
  afterEach(() => stops.splice(0).forEach((stop) => stop()));
  const start = async (...objects: readonly Pod[]) => {
    const [client, clock] = [createFakeClient(), createFakeClock()];
    for (const object of objects) client.put(pods, object);
    const addresses = startPodAddresses({ client, clock, log: silentLog });
    stops.push(addresses.stop);
    await addresses.whenSynced();
    await settle();
    return {
      client,
      clock,
      has: (...ips: string[]) => ips.filter((ip) => addresses.has(ip, 'ns')),
      addresses,
    };
  };

  it('knows both families of running pods in their namespace, not the host network', async () => {
    const { has, addresses } = await start(
      pod('a', ['10.244.0.5', 'fd00::5']),
      pod('b', ['172.30.0.11'], { hostNetwork: true }),
      pod('c', ['10.244.0.7'], { phase: 'Succeeded' }),
    );
    assert.deepEqual(has('10.244.0.5', 'fd00::5', '172.30.0.11', '10.244.0.7'), ['10.244.0.5', 'fd00::5']);
    assert.equal(addresses.has('10.244.0.5', 'other'), false);
  });

  it('leaves an address to the pod that has it now', async () => {
    const { client, has } = await start(pod('old', ['10.244.0.5']));
    client.put(pods, pod('old', ['10.244.0.5'], { phase: 'Failed' }));
    client.put(pods, pod('new', ['10.244.0.5']));
    client.remove(pods, 'ns/old');
    await settle();
    assert.deepEqual(has('10.244.0.5'), ['10.244.0.5']);
    client.remove(pods, 'ns/new');
    await settle();
    assert.deepEqual(has('10.244.0.5'), []);
  });

  it('forgets what went while it did not hear', async () => {
    const { client, clock, has } = await start(pod('stays', ['10.244.0.5']), pod('goes', ['10.244.0.6']));
    const expired = new ApiError(failure(410, 'Expired', 'too old resource version'));
    client.failNext('watch', expired);
    client.endWatches(expired);
    client.remove(pods, 'ns/goes');
    await clock.advance(1000);
    assert.deepEqual(has('10.244.0.5', '10.244.0.6'), ['10.244.0.5']);
  });
});
