// An embedded API server alone on loopback, with an administrator's kubeconfig, for tests without a cluster or root.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServer, type ApiServerOptions, createApiServer } from '../../src/apiserver/api-server.ts';
import { type HttpClient, createHttpClient } from '../../src/client/http-client.ts';
import type { Resource } from '../../src/k8s/resources.ts';
import type { KubeObject, Stored } from '../../src/k8s/objects.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import { type Authority, type KeyPair, createAuthority } from '../../src/pki/authority.ts';
import { type Outcome, run } from './test-cluster.ts';

export type TestApiServer = {
  readonly server: ApiServer;
  readonly port: number;
  readonly authority: Authority;
  readonly admin: KeyPair;
  /** The administrator's client over HTTP/2. */
  readonly client: HttpClient;
  readonly kubeconfig: string;
  readonly kubectl: (
    version: string,
    args: readonly string[],
    options?: { readonly input?: string; readonly env?: NodeJS.ProcessEnv },
  ) => Promise<Outcome>;
  /** Writes an object as the control plane would. */
  readonly put: <T extends KubeObject>(resource: Resource<T>, object: T) => Promise<Stored<T>>;
  readonly close: () => Promise<void>;
};

/** What one API server and its administrator need to know each other. */
export type TestServerKeys = {
  readonly tls: ApiServerOptions['tls'];
  readonly tokens: ReturnType<typeof tokenKeys>;
  readonly kubelet: KeyPair;
  readonly admin: KeyPair;
};

export const createTestServerKeys = async (authority: Authority): Promise<TestServerKeys> => {
  const issue = (commonName: string, organizations: readonly string[]) =>
    authority.issue({ commonName, organizations, ipAddresses: ['127.0.0.1'], usage: 'both' });
  const [tls, admin, kubelet] = await Promise.all([
    issue('kube-apiserver', []),
    issue('kubernetes-admin', ['system:masters']),
    issue('kube-apiserver-kubelet-client', ['system:masters']),
  ]);
  return { tls: { ca: authority.certificate, ...tls }, tokens: tokenKeys(), kubelet, admin };
};

export const testServerOptions = (
  { tls, tokens, kubelet }: TestServerKeys,
  kubeletPort = 10250,
): Pick<ApiServerOptions, 'cluster' | 'tls' | 'tokens' | 'kubelet'> => ({
  cluster: {
    domain: 'cluster.local',
    serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
    nodePortRange: { first: 30000, last: 32767 },
  },
  tls,
  tokens: { ...tokens, issuer: 'https://kubernetes.default.svc.cluster.local' },
  kubelet: { port: kubeletPort, ...kubelet },
});

/** The administrator's client over HTTP/2. */
export const connectToTestServer = (port: number, { tls, admin }: TestServerKeys): HttpClient =>
  createHttpClient({
    server: `https://127.0.0.1:${port}`,
    ca: tls.ca,
    certificate: admin.certificate,
    key: admin.key,
    clock: systemClock,
    log: silentLog,
  });

/** With the namespace `default`. `kubeletPort`: where the test plays the kubelet, on loopback. */
export const startTestApiServer = async (
  options: {
    readonly kubeletPort?: number;
    readonly authority?: Authority;
    readonly auditLog?: string;
    readonly state?: ApiServerOptions['state'];
  } = {},
): Promise<TestApiServer> => {
  const authority = options.authority ?? (await createAuthority('test-ca'));
  const keys = await createTestServerKeys(authority);
  const { admin } = keys;
  const server = createApiServer({
    ...testServerOptions(keys, options.kubeletPort),
    state: options.state,
    auditLog: options.auditLog,
    clock: systemClock,
    log: silentLog,
  });
  const [port] = await server.listen([{ host: '127.0.0.1', port: 0 }]);
  const internal = server.clientFor({ name: 'system:apiserver', groups: ['system:masters'] });
  const put: TestApiServer['put'] = (resource, object) => internal.create(resource, object);
  const folder = mkdtempSync(join(tmpdir(), 'podnet-api-'));
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigText(port!, authority.certificate, admin));
  const client = connectToTestServer(port!, keys);
  return {
    server,
    port: port!,
    authority,
    admin,
    client,
    kubeconfig,
    put,
    kubectl: (version, args, { input, env } = {}) =>
      run(
        join(import.meta.dirname, `../../.podnet/kubectl-${version}/kubectl`),
        ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'cache'), ...args],
        { ...(input === undefined ? {} : { input }), env: { ...env } },
      ),
    close: async () => {
      client.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const tokenKeys = () =>
  generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const kubeconfigText = (port: number, ca: string, admin: KeyPair): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'test',
        cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': base64(ca) },
      },
    ],
    users: [
      {
        name: 'admin',
        user: {
          'client-certificate-data': base64(admin.certificate),
          'client-key-data': base64(admin.key),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });
