// The control plane's controllers on the real API, in this process; pods are run by a kubelet that only says so.
import { createInProcessClient } from '../../src/apiserver/in-process-client.ts';
import { createRegistry } from '../../src/apiserver/create-registry.ts';
import { createKinds } from '../../src/apiserver/kinds/kinds.ts';
import type { ApiClient } from '../../src/client/client.ts';
import { startInformer } from '../../src/informer/informer.ts';
import type { Informer } from '../../src/informer/informer.ts';
import { disruptionIndexes, startDisruption } from '../../src/disruption/disruption.ts';
import { isNotFound } from '../../src/k8s/api-error.ts';
import type { Pod } from '../../src/k8s/generated/types.ts';
import type { Stored } from '../../src/k8s/objects.ts';
import { isPodReady } from '../../src/k8s/pod-state.ts';
import * as resources from '../../src/k8s/resources.ts';
import { formatMicroTime, formatTime } from '../../src/k8s/time.ts';
import { systemClock } from '../../src/lang/clock.ts';
import { silentLog } from '../../src/lang/log.ts';
import type { Log } from '../../src/lang/log.ts';
import { lifecycleIndexes, startLifecycle } from '../../src/lifecycle/lifecycle.ts';
import { startScheduler } from '../../src/scheduler/scheduler.ts';
import { startWorkloadInformers, startWorkloads, workloadIndexes } from '../../src/workloads/workloads.ts';
import { nodeOf } from './object-builders.ts';

export type TestControlPlane = {
  readonly client: ApiClient;
  /** What was logged as a warning or an error. */
  readonly complaints: readonly unknown[];
  readonly stop: () => Promise<void>;
};

const { nodes, pods, namespaces, leases } = resources;
const clock = systemClock;

export const startTestControlPlane = async (nodeNames: readonly string[]): Promise<TestControlPlane> => {
  const complaints: unknown[] = [];
  const complain = (facts: object, message: string): void => void complaints.push({ message, ...facts });
  const log: Log = { ...silentLog, warn: complain, error: complain, child: () => log };
  const kinds = createKinds({
    serviceCidrs: ['10.96.0.0/16', 'fd00:10:96::/112'],
    nodePortRange: { first: 30000, last: 32767 },
  });
  const registry = createRegistry({ kinds, clock, log });
  const client = createInProcessClient(registry, { name: 'system:admin', groups: ['system:masters'] });
  for (const name of ['default', 'kube-node-lease']) await client.create(namespaces, { metadata: { name } });
  for (const name of nodeNames) await register(client, name);
  const common = { client, clock, log };
  const informers = {
    pods: startInformer({
      ...common,
      resource: pods,
      indexes: { ...workloadIndexes.pods, ...lifecycleIndexes.pods, ...disruptionIndexes.pods },
    }),
    nodes: startInformer({ ...common, resource: nodes }),
    podDisruptionBudgets: startInformer({
      ...common,
      resource: resources.podDisruptionBudgets,
      indexes: disruptionIndexes.podDisruptionBudgets,
    }),
    namespaces: startInformer({ ...common, resource: namespaces }),
    leases: startInformer({ ...common, resource: leases }),
    definitions: startInformer({ ...common, resource: resources.customResourceDefinitions }),
    ...startWorkloadInformers((resource, indexes = {}) => startInformer({ ...common, resource, indexes })),
  };
  const controllers = [
    startWorkloads({ ...common, ...informers }),
    startScheduler({ ...common, ...informers }),
    startDisruption({ ...common, ...informers }),
    startLifecycle({
      ...common,
      ...informers,
      resources: resources.allResources,
      keptObjects: [],
      caCertificate: 'PEM',
    }),
  ];
  const endKubelet = startInstantKubelet(client, informers.pods);
  return {
    client,
    complaints,
    stop: async () => {
      endKubelet();
      await Promise.all(controllers.map((each) => each.stop()));
      for (const informer of Object.values(informers)) informer.stop();
    },
  };
};

const register = async (client: ApiClient, name: string): Promise<void> => {
  const node = nodeOf(name);
  const created = await client.create(nodes, node);
  await client.updateStatus(nodes, { ...created, status: node.status });
  const renewTime = formatMicroTime(clock.now());
  await client.create(leases, { metadata: { name, namespace: 'kube-node-lease' }, spec: { renewTime } });
};

/** Every bound pod is ready at once, every deleted one gone at once. */
const startInstantKubelet = (client: ApiClient, informer: Informer<Pod>): (() => void) =>
  informer.subscribe(({ after }) => {
    if (!after?.spec?.nodeName) return;
    const isGoing = after.metadata.deletionTimestamp !== undefined;
    if (isGoing) void ignoreLate(client.delete(pods, after.metadata, { gracePeriodSeconds: 0 }));
    else if (!isPodReady(after)) void ignoreLate(makeReady(client, after));
  });

const makeReady = async (client: ApiClient, pod: Stored<Pod>): Promise<void> => {
  const lastTransitionTime = formatTime(clock.now());
  const ready = { type: 'Ready', status: 'True', lastTransitionTime };
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
  const status = { ...pod.status, phase: 'Running', conditions: [...others, ready] };
  await client.updateStatus(pods, { ...pod, status });
};

/** The pod has changed or gone meanwhile: its next event brings us here again. */
const ignoreLate = async (write: Promise<unknown>): Promise<void> => {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error) && (error as { code?: number }).code !== 409) throw error;
  }
};
