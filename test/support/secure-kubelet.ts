// A kubelet whose server has certificates, with the running pod default/a, and its caller: the API server.
import { pods } from '../../src/k8s/resources.ts';
import { createAuthority } from '../../src/pki/authority.ts';
import type { KeyPair } from '../../src/pki/authority.ts';
import { openSpdy } from './spdy-client.ts';
import type { SpdyClient } from './spdy-client.ts';
import { boundPod, startTestKubelet } from './test-kubelet.ts';
import type { TestKubelet } from './test-kubelet.ts';

export type SecureKubelet = {
  readonly test: TestKubelet;
  readonly ca: string;
  readonly caller: KeyPair;
  readonly dial: (path: string, protocols: string) => Promise<SpdyClient>;
};

export const startSecureKubelet = async (port: number): Promise<SecureKubelet> => {
  const authority = await createAuthority('test');
  const ca = authority.certificate;
  const own = { commonName: 'system:node:node-1', ipAddresses: ['127.0.0.1'], usage: 'server' as const };
  const caller = await authority.issue({ commonName: 'kube-apiserver-kubelet-client', usage: 'client' });
  const test = await startTestKubelet({ server: { port, ca, ...(await authority.issue(own)) } });
  await test.kubelet.whenRegistered();
  test.client.put(pods, boundPod('a'));
  await test.clock.advance(1000);
  const dial = (path: string, protocols: string): Promise<SpdyClient> =>
    openSpdy({ host: '127.0.0.1', port, path, ca, cert: caller.certificate, key: caller.key }, protocols);
  return { test, ca, caller, dial };
};
