// A kubelet on a fake runtime and a fake API, with a clock that the test turns.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInformer } from '../../src/informer/informer.ts';
import type { Informer } from '../../src/informer/informer.ts';
import type { Container, Pod, Service } from '../../src/k8s/generated/types.ts';
import { events, pods, services } from '../../src/k8s/resources.ts';
import { silentLog } from '../../src/lang/log.ts';
import { startKubelet } from '../../src/kubelet/kubelet.ts';
import type { Kubelet } from '../../src/kubelet/kubelet.ts';
import type { NodePages } from '../../src/kubelet/options.ts';
import { createFakeClient } from './fake-client.ts';
import type { FakeClient } from './fake-client.ts';
import { createFakeClock } from './fake-clock.ts';
import type { FakeClock } from './fake-clock.ts';
import { createFakeRuntime } from './fake-runtime.ts';
import type { FakeRuntime } from './fake-runtime.ts';

export type TestKubelet = {
  readonly client: FakeClient;
  readonly runtime: FakeRuntime;
  readonly clock: FakeClock;
  readonly kubelet: Kubelet;
  readonly stateFolder: string;
  readonly pod: (name: string) => Pod;
  /** `Reason: message` of all events about pods, oldest first. */
  readonly told: () => readonly string[];
  /** Another kubelet in the place of the first, with the same runtime. */
  readonly restart: () => Promise<TestKubelet>;
  readonly stop: () => Promise<void>;
};

type Server = {
  readonly port: number;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
};
type Parts = Pick<TestKubelet, 'client' | 'runtime' | 'clock' | 'stateFolder'>;

type Options = { readonly server?: Server; readonly pages?: NodePages };

export const startTestKubelet = async (options: Options = {}): Promise<TestKubelet> => {
  const clock = createFakeClock();
  const stateFolder = mkdtempSync(join(tmpdir(), 'podnet-test-kubelet-'));
  return startWith(
    { client: createFakeClient(), runtime: createFakeRuntime(clock), clock, stateFolder },
    options,
  );
};

const startWith = async (parts: Parts, options: Options): Promise<TestKubelet> => {
  const { client, runtime, clock, stateFolder } = parts;
  const informers: Informer<never>[] = [];
  const informerOptions = { client, clock, log: silentLog };
  const podInformer = startInformer<Pod>({
    ...informerOptions,
    resource: pods,
    fieldSelector: 'spec.nodeName=node-1',
  });
  const serviceInformer = startInformer<Service>({
    ...informerOptions,
    resource: services,
  });
  informers.push(podInformer as unknown as Informer<never>, serviceInformer as unknown as Informer<never>);
  const server = options.server ?? { port: 0, ca: '', certificate: '', key: '' };
  const kubelet = startKubelet({
    client,
    runtime,
    node: {
      name: 'node-1',
      zone: 'a',
      addresses: ['172.30.0.11', 'fd00:172:30::b'],
      podCidrs: ['10.244.0.0/24'],
    },
    cluster: { name: 'test', domain: 'cluster.local', dnsServiceIps: ['10.96.0.10', 'fd00:10:96::a'] },
    pods: podInformer,
    services: serviceInformer,
    stateFolder,
    logFolder: join(stateFolder, 'logs'),
    hostResolvConf: { nameservers: ['192.0.2.53'], searches: ['example.org'] },
    memoryFiles: { mount: () => {}, unmount: () => {} },
    server: { ...server, addresses: options.server ? ['127.0.0.1'] : [] },
    pages: options.pages ?? {},
    clock,
    log: silentLog,
  });
  const halt = async (): Promise<void> => {
    for (const informer of informers) informer.stop();
    await kubelet.stop();
  };
  await clock.advance(0);
  return {
    ...parts,
    kubelet,
    pod: (name) => client.all(pods).find(({ metadata }) => metadata.name === name)!,
    told: () =>
      client
        .all(events)
        .filter(({ involvedObject }) => involvedObject.kind === 'Pod')
        .map(({ reason, message }) => `${reason}: ${message}`),
    restart: async () => {
      await halt();
      return startWith(parts, options);
    },
    stop: async () => {
      await halt();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
};

/** A pod bound to the test kubelet's node; what is not said is as the API server defaults it. */
export const boundPod = (
  name: string,
  spec: Omit<Partial<NonNullable<Pod['spec']>>, 'containers'> & {
    readonly containers?: readonly Partial<Container>[];
  } = {},
  metadata: Pod['metadata'] = {},
): Pod => ({
  metadata: { name, namespace: 'default', ...metadata },
  spec: {
    nodeName: 'node-1',
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    ...spec,
    containers: (spec.containers ?? [{}]).map((container) => ({
      name: 'web',
      image: 'podnet/toolbox',
      imagePullPolicy: 'IfNotPresent',
      ...container,
    })),
  },
  status: { phase: 'Pending', qosClass: 'BestEffort' },
});
