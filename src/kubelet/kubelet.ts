// The kubelet: registers its node, runs the pods that are bound to it, and serves their logs and streams.
import { createEventRecorder } from '../client/event-recorder.ts';
import { whenAllSynced } from '../informer/informer.ts';
import { createPage } from '../metrics/page.ts';
import { createServiceDirectory } from './env/service-directory.ts';
import { measureRuntime } from './measured-runtime.ts';
import { kubeletMetrics } from './metrics.ts';
import { readMachine } from './node/machine.ts';
import { startRegistration } from './node/registration.ts';
import type { KubeletOptions } from './options.ts';
import { createPodFolders } from './pod-folders.ts';
import { adoptSandboxes } from './pod/adopt.ts';
import type { PodContext } from './pod/context.ts';
import { PodWorkers } from './pod/pod-workers.ts';
import { createSlots } from './pod/slots.ts';
import { createReferences } from './references.ts';
import { startKubeletServer } from './server/server.ts';
import { createServiceAccountTokens } from './volumes/service-account-tokens.ts';

export type { KubeletOptions } from './options.ts';

export type Kubelet = {
  /** Resolves when the Node object says Ready and the server listens. */
  readonly whenRegistered: () => Promise<void>;
  /** Stops looking after the pods; they go on running. */
  readonly stop: () => Promise<void>;
};

/** Starts of sandboxes and containers that run at once: a few more than cores, since each waits for the kernel as well. */
const START_SLOTS = 4;

export const startKubelet = (options: KubeletOptions): Kubelet => {
  const { client, node, clock, log } = options;
  const runtime = measureRuntime(options.runtime);
  const machine = readMachine();
  const capacity = { cpuMillis: machine.cpus * 1000, memoryBytes: machine.memoryBytes };
  const context: PodContext = {
    ...options,
    runtime,
    services: createServiceDirectory(options.services),
    folders: createPodFolders(options),
    references: createReferences(client, clock),
    tokens: createServiceAccountTokens(client, clock),
    recorder: createEventRecorder({ client, component: 'kubelet', host: node.name, clock, log }),
    capacity,
    slots: createSlots(START_SLOTS),
  };
  const workers = new PodWorkers(context);
  const metrics = createPage(options.metrics ?? kubeletMetrics);
  const server = startKubeletServer(options.server, {
    pods: context,
    workers,
    metrics,
    pages: options.pages ?? {},
  });
  const registration = startRegistration({
    ...options,
    recorder: context.recorder,
    machine,
    port: options.server.port,
  });
  const unsubscribe = [context.services.stop, runtime.subscribe((event) => workers.runtimeEvent(event))];
  void followPods(options, context, workers, unsubscribe);
  return {
    whenRegistered: async () =>
      void (await Promise.all([registration.whenRegistered(), server.whenListening()])),
    stop: async () => {
      for (const stop of unsubscribe.splice(0)) stop();
      await Promise.all([registration.stop(), workers.stop(), server.stop()]);
    },
  };
};

/** Nothing is started or removed before all pods and Services are known. */
const followPods = async (
  { pods, services, log }: KubeletOptions,
  context: PodContext,
  workers: PodWorkers,
  unsubscribe: (() => void)[],
): Promise<void> => {
  try {
    await whenAllSynced(pods, services);
    await adoptSandboxes(context, workers, pods);
    const stop = pods.subscribe(({ before, after }) => {
      if (after) workers.update(after);
      else if (before) workers.gone(before);
    });
    unsubscribe.push(stop);
  } catch (error) {
    log.error({ err: error }, 'kubelet cannot read the runtime');
  }
};
