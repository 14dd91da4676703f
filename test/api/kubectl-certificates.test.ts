// kubectl certificate approve and deny, in two versions, with the cluster's signer beside the API server.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { startCertificates } from '../../src/certificates/certificates.ts';
import { startInformer } from '../../src/informer/informer.ts';
import { certificateSigningRequests } from '../../src/k8s/resources.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import { signRequest } from '../../src/pki/sign-request.ts';
import { certificateRequestOf } from '../support/certificate-requests.ts';
import { eventually } from '../support/poll.ts';
import { type TestApiServer, startTestApiServer } from '../support/test-api-server.ts';
import { KUBECTL_VERSIONS } from '../support/test-cluster.ts';

const manifest = (name: string, pem: string): string => `apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: ${name} }
spec:
  request: ${Buffer.from(pem).toString('base64')}
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
`;

describe('kubectl certificate', () => {
  let api: TestApiServer;
  const ends: (() => unknown)[] = [];
  before(async () => {
    api = await startTestApiServer();
    const common = { client: api.client, clock: systemClock, log: silentLog };
    const informer = startInformer({ ...common, resource: certificateSigningRequests });
    const { stop } = startCertificates({
      ...common,
      certificateSigningRequests: informer,
      sign: (request) => signRequest(api.authority, request),
    });
    ends.push(stop, () => informer.stop());
  });
  after(async () => {
    for (const end of ends) await end();
    await api?.close();
  });

  for (const version of KUBECTL_VERSIONS)
    it(`approves and denies: ${version}`, async () => {
      const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
        const { code, stdout, stderr } = await api.kubectl(
          version,
          args,
          input === undefined ? {} : { input },
        );
        assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stderr}`);
        return stdout;
      };
      const [yes, no] = ['yes', 'no'].map((word) => `${word}-${version.replace('.', '-')}`) as [
        string,
        string,
      ];
      for (const name of [yes, no])
        await kubectl(['create', '-f', '-'], manifest(name, await certificateRequestOf('CN=jane,O=team')));
      assert.match(
        await kubectl(['get', 'csr', yes]),
        / kubernetes.io\/kube-apiserver-client +\S+ +<none> +Pending/,
      );
      assert.match(await kubectl(['certificate', 'approve', yes]), /approved/);
      assert.match(await kubectl(['certificate', 'deny', no]), /denied/);
      await eventually('it is issued', async () =>
        (await kubectl(['get', 'csr', yes])).includes('Approved,Issued'),
      );
      const base64 = await kubectl(['get', 'csr', yes, '-o', 'jsonpath={.status.certificate}']);
      const certificate = new X509Certificate(Buffer.from(base64, 'base64'));
      assert.equal(certificate.subject, 'CN=jane\nO=team');
      assert.ok(certificate.checkIssued(new X509Certificate(api.authority.certificate)));
      assert.match(await kubectl(['get', 'csr', no]), / Denied$/m);
      assert.match(await kubectl(['describe', 'csr', yes]), /Status: +Approved,Issued/);
    });
});
