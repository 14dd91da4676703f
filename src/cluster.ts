// The process of one embedded cluster: the control plane on this thread, one node agent on a worker thread per node.
// `podnet up` starts it, sends one StartMessage and hears what happens until the cluster is ready.
import { Worker } from 'node:worker_threads';
import { join } from 'node:path';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import type { ClusterMessage, StartMessage } from './embedded/messages.ts';
import { readHostResolvConf } from './embedded/resolv-conf.ts';
import type { AgentMessage, AgentStart } from './node-agent.ts';
import { adoptOrphans } from './kernel/orphans.ts';
import { systemClock } from './lang/clock.ts';
import { createLog } from './lang/log.ts';
import { logUncaughtErrors } from './lang/uncaught-errors.ts';
import { openState } from './state/state.ts';
import { createUnderlay } from './underlay/underlay.ts';

const AGENT = join(import.meta.dirname, 'node-agent.ts');

const log = createLog('cluster');
const tell = (message: ClusterMessage): void => void (process.connected && process.send!(message));

/** Runs one step of the start and says how long it took. */
const step = async <T>(title: string, work: () => T | Promise<T>): Promise<T> => {
  const start = performance.now();
  const result = await work();
  tell({ kind: 'step', title, tookMs: performance.now() - start });
  return result;
};

type Agent = {
  readonly start: (message: AgentStart) => void;
  readonly registered: Promise<void>;
  readonly stop: () => Promise<void>;
};

/** The thread loads its code at once; it enters its node and begins when it is told to. */
const createAgent = (name: string): Agent => {
  const worker = new Worker(AGENT, { name });
  let isEndKnown = false;
  const exited = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
  const registered = new Promise<void>((resolve, reject) => {
    const failed = (error: unknown): void => {
      if (!isEndKnown) log.error({ node: name, err: error }, 'the node agent ended: its node is lost');
      isEndKnown = true;
      reject(error);
    };
    worker.on('message', (message: AgentMessage) => message.kind === 'registered' && resolve());
    worker.once('error', failed);
    worker.once('exit', (code) => failed(new Error(`the agent of ${name} ended with exit code ${code}`)));
  });
  registered.catch(() => {}); // whoever waits for it hears of it
  return {
    start: (message) => worker.postMessage(message),
    registered,
    stop: async () => {
      isEndKnown = true;
      worker.postMessage({ kind: 'stop' } satisfies AgentMessage);
      await exited;
    },
  };
};

const start = async ({ config, keys, auditLog, stateFolder }: StartMessage): Promise<void> => {
  const began = performance.now();
  const state =
    stateFolder === undefined
      ? undefined
      : await step('state', () => openState({ folder: stateFolder, log }));
  const agents = config.nodes.map(({ name }) => createAgent(name));
  await step(`network of ${agents.length} nodes`, () => createUnderlay({ config, log }));
  const controlPlane = await step('API server and controllers', () =>
    startControlPlane({ config, keys, auditLog, state, clock: systemClock, log }),
  );
  await step('node agents', async () => {
    const hostResolvConf = readHostResolvConf();
    for (const [index, node] of config.nodes.entries()) {
      const own = { ca: keys.ca, ...keys.nodes[node.name]! };
      agents[index]!.start({ kind: 'start', config, node, keys: own, hostResolvConf });
    }
    await Promise.all(agents.map(({ registered }) => registered));
  });
  onSignal(agents, controlPlane);
  log.info({ cluster: config.name, tookMs: Math.round(performance.now() - began) }, 'cluster ready');
  tell({ kind: 'ready' });
};

/** TERM ends what this process runs; `podnet down` then removes what is in the kernel. */
const onSignal = (agents: readonly Agent[], controlPlane: ControlPlane): void => {
  const stop = async (): Promise<void> => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await controlPlane.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
};

logUncaughtErrors(log);
adoptOrphans();

process.once('message', (message: StartMessage) => {
  start(message).catch((error: unknown) => {
    log.error({ err: error }, 'the cluster did not start');
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  });
});
