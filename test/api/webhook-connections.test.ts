// Connections: those over which webhooks are asked, and those of clients, which webhooks may change.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { decodeJwt } from 'jose';
import type { TokenRequest } from '../../src/k8s/generated/types.ts';
import type { KubeObject } from '../../src/k8s/objects.ts';
import {
  configMaps,
  mutatingWebhookConfigurations as mutating,
  namespaces,
  nodes,
  pods,
  serviceAccounts,
} from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import { type FakeKubelet, startFakeKubelet } from '../support/fake-kubelet.ts';
import { raw } from '../support/raw-https.ts';
import { statusOf } from '../support/registry-verbs.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';
import { type Handler, type WebhookServer, patchOf, startWebhookServer } from '../support/webhook-server.ts';

const at = (name: string) => ({ name, namespace: 'default' });

let api: TestApiServer;
let hooks: WebhookServer;
let kubelet: FakeKubelet;
before(async () => {
  const authority = await createAuthority('test-ca');
  kubelet = await startFakeKubelet(authority);
  api = await startTestApiServer({ authority, kubeletPort: kubelet.port });
  await api.put(namespaces, { metadata: { name: 'default' } });
  await api.put(serviceAccounts, { metadata: at('default') });
  await api.put(nodes, { metadata: { name: 'node-1' } });
  const addresses = [{ type: 'InternalIP', address: '127.0.0.1' }];
  await api.client.updateStatus(nodes, { metadata: { name: 'node-1' }, status: { addresses } });
  const containers = [
    { name: 'main', image: 'x' },
    { name: 'side', image: 'x' },
  ];
  await api.put(pods, { metadata: at('web'), spec: { nodeName: 'node-1', containers } });
});
after(async () => {
  await api?.close();
  await kubelet?.close();
});
beforeEach(async () => {
  hooks = await startWebhookServer();
});
afterEach(async () => {
  await api.client.delete(mutating, { name: 'test' });
  hooks.close();
});

/** Asks the webhook about everything of the core group that the resources name. */
const install = (resources: readonly string[], handler: Handler): Promise<unknown> => {
  hooks.handlers.set('/hook', handler);
  const rules = [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources }];
  const webhook = { name: 'hook.example.com', clientConfig: hooks.clientConfig('/hook'), rules };
  return api.client.create(mutating, {
    metadata: { name: 'test' },
    webhooks: [{ ...webhook, admissionReviewVersions: ['v1'], sideEffects: 'None' }],
  } as KubeObject);
};

describe('the connection to a webhook', () => {
  const create = (name: string) => api.client.create(configMaps, { metadata: at(name) });

  it('is one for all that is asked one after the other', async () => {
    await install(['configmaps'], () => ({ allowed: true }));
    for (const name of ['a', 'b', 'c', 'd']) await create(name);
    assert.equal(hooks.asked.length, 4);
    assert.equal(hooks.connections(), 1);
  });

  it('is made anew when the webhook has closed it meanwhile, and not when a new one breaks', async () => {
    let [breaksAt, count] = [2, 0];
    await install(['configmaps'], (_request, response) => {
      if (++count < breaksAt) return { allowed: true };
      breaksAt = Infinity;
      response.socket!.destroy();
      return undefined;
    });
    await create('e');
    await create('f');
    assert.deepEqual([hooks.asked.length, hooks.connections()], [3, 2]);
    breaksAt = count + 1;
    hooks.handlers.set('/hook', (_request, response) => void response.socket!.destroy());
    assert.match(
      (await statusOf(create('g'))).message ?? '',
      /failed calling webhook "hook\.example\.com": .*socket hang up/,
    );
  });
});

describe('a connection that a webhook changes', () => {
  it('exec: another command in another container', async () => {
    await install(['pods/exec'], ({ object }) => {
      assert.deepEqual(object, {
        ...{ kind: 'PodExecOptions', apiVersion: 'v1', container: 'main', command: ['0'] },
        ...{ stdout: true, stderr: true },
      });
      return patchOf([
        { op: 'replace', path: '/command', value: ['0', 'safe'] },
        { op: 'replace', path: '/container', value: 'side' },
      ]);
    });
    const { stdout } = await api.kubectl(KUBECTL_VERSIONS.at(-1)!, ['exec', 'web', '-c', 'main', '--', '0']);
    assert.equal(stdout, '0 safe\n');
    assert.match(kubelet.asked.at(-1)!, /\/exec\/default\/web\/side\?/);
  });

  it('proxy: another path', async () => {
    await install(['nodes/proxy'], ({ object }) =>
      object!['path'] === 'metrics/cadvisor'
        ? patchOf([{ op: 'replace', path: '/path', value: 'healthz' }])
        : { allowed: true },
    );
    const ask = (path: string) =>
      raw({ port: api.port, identity: api.admin, path: `/api/v1/nodes/node-1/proxy/${path}?a=b` });
    await ask('metrics/cadvisor');
    assert.match(kubelet.asked.at(-1)!, /^GET \/healthz\?a=b by/);
    await ask('other%2Fpath/');
    assert.match(kubelet.asked.at(-1)!, /^GET \/other%2Fpath\/\?a=b by/);
  });

  it('a token: for less time', async () => {
    await install(['serviceaccounts/token'], () =>
      patchOf([{ op: 'add', path: '/spec/expirationSeconds', value: 700 }]),
    );
    const request = { spec: { expirationSeconds: 3600 } } as TokenRequest;
    const made = await api.client.createSubresource(
      serviceAccounts,
      at('default'),
      'token',
      request as never,
    );
    const { exp = 0, iat = 0 } = decodeJwt((made as TokenRequest).status?.token ?? '');
    assert.equal(exp - iat, 700);
  });
});
