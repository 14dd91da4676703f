// One node without a cluster around it: an API server, the process runtime and a kubelet on loopback. Pods have only lo.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInformer } from '../../src/informer/informer.ts';
import type { Pod, Service } from '../../src/k8s/generated/types.ts';
import { configMaps, namespaces, pods, serviceAccounts, services } from '../../src/k8s/resources.ts';
import { mountTmpfs, unmountTmpfs } from '../../src/kernel/tmpfs.ts';
import { startKubelet } from '../../src/kubelet/kubelet.ts';
import { systemClock as clock } from '../../src/lang/clock.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { startTestApiServer } from './test-api-server.ts';
import type { TestApiServer } from './test-api-server.ts';
import { startTestRuntime } from './test-runtime.ts';
import type { TestRuntime } from './test-runtime.ts';

export type TestNode = {
  readonly api: TestApiServer;
  readonly runtime: TestRuntime['runtime'];
  /** kubectl's stdout; throws on an exit code other than 0. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  readonly stop: () => Promise<void>;
};

/** `name` and `port` (the kubelet's) must be unique among tests that run together. */
export const startTestNode = async (name: string, port: number): Promise<TestNode> => {
  const api = await startTestApiServer({ kubeletPort: port });
  const { runtime, remove } = await startTestRuntime(name);
  const stateFolder = mkdtempSync(join(tmpdir(), 'podnet-test-node-'));
  await seed(api);
  const options = { client: api.client, clock, log };
  const own = startInformer<Pod>({ ...options, resource: pods, fieldSelector: 'spec.nodeName=node-1' });
  const all = startInformer<Service>({ ...options, resource: services });
  const keys = await api.authority.issue({
    commonName: 'system:node:node-1',
    ipAddresses: ['127.0.0.1'],
    usage: 'server',
  });
  const kubelet = startKubelet({
    ...options,
    runtime,
    node: { name: 'node-1', zone: undefined, addresses: ['127.0.0.1'], podCidrs: ['10.244.0.0/24'] },
    cluster: { name, domain: 'cluster.local', dnsServiceIps: ['10.96.0.10'] },
    pods: own,
    services: all,
    stateFolder,
    logFolder: join(stateFolder, 'logs'),
    hostResolvConf: { nameservers: [], searches: [] },
    memoryFiles: {
      mount: (path, sizeBytes) => mountTmpfs(path, { sizeBytes, mode: '0777' }),
      unmount: unmountTmpfs,
    },
    server: { port, addresses: ['127.0.0.1'], ca: api.authority.certificate, ...keys },
  });
  await kubelet.whenRegistered();
  return {
    api,
    runtime,
    kubectl: async (args, input) => {
      const { code, stdout, stderr } = await api.kubectl('1.36', args, input === undefined ? {} : { input });
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
      return stdout;
    },
    stop: async () => {
      await kubelet.stop();
      own.stop();
      all.stop();
      await remove();
      await api.close();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
};

/** What the control plane's controllers make in a cluster. */
const seed = async ({ put }: TestApiServer): Promise<void> => {
  for (const name of ['default', 'kube-node-lease']) await put(namespaces, { metadata: { name } });
  await put(serviceAccounts, { metadata: { name: 'default', namespace: 'default' } });
  const metadata = { name: 'kube-root-ca.crt', namespace: 'default' };
  await put(configMaps, { metadata, data: { 'ca.crt': 'the authority' } });
};
