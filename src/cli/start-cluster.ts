// Starts a cluster's process and waits until its nodes are Ready.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type ClusterConfig, MAX_SLOTS, type ProxyBackEnd, planCluster } from '../embedded/cluster-config.ts';
import {
  type ClusterRecord,
  clusterFiles,
  clusterNames,
  readRecord,
  writeRecord,
} from '../embedded/cluster-files.ts';
import type { ClusterMessage, StartMessage } from '../embedded/messages.ts';
import { isAlive, processIdOf } from '../kernel/process-id.ts';
import { withFileLock } from '../lang/file-lock.ts';
import { createClusterKeys } from './cluster-keys.ts';
import { UserError, sayStep } from './output.ts';
import { removeClusterTraces } from './remove-traces.ts';

const PROGRAM = join(import.meta.dirname, '../cluster.ts');

export type StartOptions = {
  readonly name: string;
  readonly nodes: number;
  readonly zones: readonly string[];
  readonly proxy: ProxyBackEnd;
  readonly kubeconfig: string;
  /** An absolute path. */
  readonly auditLog: string | undefined;
};

/** Resolves with the running cluster's record; a failure leaves nothing behind. */
export const startCluster = async (options: StartOptions): Promise<ClusterRecord> => {
  const files = clusterFiles(options.name);
  mkdirSync(files.run, { recursive: true, mode: 0o700 });
  mkdirSync(files.logs, { recursive: true, mode: 0o700 });
  const { child, record, start } = await withFileLock(
    '/run/podnet/.lock',
    { waitMs: 10_000, staleMs: 30_000 },
    () => launch(options),
  );
  try {
    await untilReady(child, start, files.log);
  } catch (error) {
    child.kill('SIGKILL');
    removeClusterTraces(options.name);
    throw error;
  }
  child.disconnect();
  child.unref();
  return record;
};

type Launched = {
  readonly child: ChildProcess;
  readonly record: ClusterRecord;
  readonly start: StartMessage;
};

/** The process loads its code while the keys are being made here. */
const launch = async (options: StartOptions): Promise<Launched> => {
  const running = readRecord(options.name);
  if (running && isAlive(running))
    throw new UserError(`cluster "${options.name}" is being started by another podnet`);
  removeClusterTraces(options.name);
  const config = planCluster({ ...options, slot: freeSlot() });
  const child = spawnCluster(options.name);
  const { keys, admin } = await createClusterKeys(config);
  const record: ClusterRecord = {
    config,
    pid: child.pid!,
    startTicks: processIdOf(child.pid!)?.startTicks ?? '',
    kubeconfig: options.kubeconfig,
    admin: { ca: keys.ca, ...admin },
  };
  writeRecord(record);
  return { child, record, start: { kind: 'start', config, keys, auditLog: options.auditLog } };
};

const spawnCluster = (name: string): ChildProcess => {
  const log = openSync(clusterFiles(name).log, 'a', 0o600);
  return spawn(process.execPath, [PROGRAM, name], {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log, log, 'ipc'],
    serialization: 'advanced',
  });
};

/** The first slot whose ranges neither another cluster nor the machine's own interfaces use. */
const freeSlot = (): number => {
  const taken = new Set(clusterNames().flatMap((name) => readRecord(name)?.config.slot ?? []));
  const own = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  const isFree = (config: ClusterConfig): boolean =>
    ![config.underlayCidrs[0], config.podCidrs[0], config.serviceCidrs[0]].some((cidr) =>
      own.some((address) => address.startsWith(networkPart(cidr))),
    );
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    if (!taken.has(slot) && isFree(planCluster({ name: 'x', slot, nodes: 0, zones: [], proxy: 'nftables' })))
      return slot;
  }
  throw new UserError(
    `no address ranges are left for another cluster (at most ${MAX_SLOTS}): take one down with 'podnet down --name NAME'`,
  );
};

/** `10.244.` of 10.244.0.0/16, `172.30.0.` of 172.30.0.0/24. */
const networkPart = (cidr: string): string => {
  const [address, length] = cidr.split('/');
  return `${address!
    .split('.')
    .slice(0, Number(length) / 8)
    .join('.')}.`;
};

const untilReady = (child: ChildProcess, start: StartMessage, log: string): Promise<void> =>
  new Promise((resolve, reject) => {
    child.on('message', (message: ClusterMessage) => {
      switch (message.kind) {
        case 'step':
          return sayStep(message.title, message.tookMs);
        case 'ready':
          return resolve();
        case 'failed':
          return reject(new UserError(`the cluster did not start: ${message.message} (log: ${log})`));
        default:
          message satisfies never;
      }
    });
    child.on('exit', (code, signal) =>
      reject(
        new UserError(`the cluster's process ended with ${signal ?? `exit code ${code}`}\n${lastLines(log)}`),
      ),
    );
    child.on('error', reject);
    child.send(start);
  });

const lastLines = (path: string): string =>
  readFileSync(path, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
