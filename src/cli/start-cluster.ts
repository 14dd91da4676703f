// Starts a cluster's process and waits until its nodes are Ready.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type ClusterConfig, MAX_SLOTS, planCluster } from '../embedded/cluster-config.ts';
import {
  type ClusterRecord,
  clusterFiles,
  clusterNames,
  readRecord,
  writeRecord,
} from '../embedded/cluster-files.ts';
import type { ClusterMessage, StartMessage } from '../embedded/messages.ts';
import { lockFile } from '../kernel/file-lock.ts';
import { isAlive, processIdOf } from '../kernel/process-id.ts';
import { poolProblem } from '../embedded/load-balancer-pools.ts';
import { createClusterKeys, createLastingKeys } from './cluster-keys.ts';
import {
  type ClusterFlags,
  type KeptCluster,
  checkFlags,
  keepCluster,
  readKeptCluster,
} from './kept-cluster.ts';
import { UserError, sayStep } from './output.ts';
import { PROCESS_FLAGS } from './process-flags.ts';
import { removeClusterTraces } from './remove-traces.ts';

const PROGRAM = join(import.meta.dirname, '../cluster.ts');

export type StartOptions = ClusterFlags & {
  readonly kubeconfig: string;
  /** An absolute path. */
  readonly auditLog: string | undefined;
  /** An absolute path: the cluster that is kept there goes on, or a new one is kept there. */
  readonly stateFolder: string | undefined;
};

/** Clusters are planned one at a time: each takes a slot that no record has. */
const LOCK = '/run/podnet/.plan.lock';

/**
 * Resolves with the running cluster's record. A failure leaves nothing in the kernel and nothing that runs; the record
 * and the log, which the message names, stay until `down` or the next `up`, and the state stays as it is. Throws UserError,
 * and StateError for a state that cannot be used.
 */
export const startCluster = async (options: StartOptions): Promise<ClusterRecord> => {
  const { child, record, start } = await launch(options);
  try {
    await untilReady(child, start, clusterFiles(options.name).log);
  } catch (error) {
    await end(child);
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
  using _ = lockFile(LOCK);
  const last = readRecord(options.name);
  if (last && isAlive(last))
    throw new UserError(`cluster "${options.name}" is being started by another podnet`);
  const kept = readKept(options);
  if (!kept || !isLeftRunning(kept, last, options)) {
    removeClusterTraces(options.name);
    if (kept) checkRangesAreFree(kept.config);
  }
  const config = kept?.config ?? planNew(options, last?.config.slot);
  const child = spawnCluster(options.name);
  try {
    return { child, ...(await putOnRecord(child, config, kept, options)) };
  } catch (error) {
    await end(child);
    throw error;
  }
};

const readKept = (options: StartOptions): KeptCluster | undefined => {
  const { stateFolder } = options;
  const kept = stateFolder === undefined ? undefined : readKeptCluster(stateFolder);
  if (kept) checkFlags(stateFolder!, kept, options);
  return kept;
};

/** Its process was killed, and its pods live on in the kernel: they belong to the objects of the state. */
const isLeftRunning = (
  { config }: KeptCluster,
  last: ClusterRecord | undefined,
  { stateFolder }: StartOptions,
): boolean => last?.stateFolder === stateFolder && isDeepStrictEqual(last?.config, config);

const planNew = (options: StartOptions, lastSlot: number | undefined): ClusterConfig => {
  const { nodes = 3, zones = [], proxy = 'nftables' } = options;
  const slot = freeSlot(options.name, lastSlot);
  const config = planCluster({ ...options, nodes, zones, proxy, slot });
  checkPools(config);
  return config;
};

const checkRangesAreFree = (config: ClusterConfig): void => {
  if (freeSlot(config.name, config.slot) === config.slot) return checkPools(config);
  throw new UserError(
    `the addresses of the cluster that the state is of (${config.podCidrs[0]}, ${config.serviceCidrs[0]}, ${config.underlayCidrs[0]}) ` +
      `are in use on this machine, by another cluster ('podnet down --all' ends all) or by an interface`,
  );
};

const checkPools = (config: ClusterConfig): void => {
  const problem = poolProblem(config, {
    others: otherClusters(config.name).flatMap((name) => readRecord(name)?.config ?? []),
    hostAddresses: machineAddresses(),
  });
  if (problem) throw new UserError(`--load-balancer-pool: ${problem}`);
};

/** Makes the keys, and puts the cluster on record: a new one's in its state first. */
const putOnRecord = async (
  child: ChildProcess,
  config: ClusterConfig,
  kept: KeptCluster | undefined,
  { kubeconfig, auditLog, stateFolder }: StartOptions,
): Promise<Omit<Launched, 'child'>> => {
  const lasting = kept?.keys ?? (await createLastingKeys(config.name));
  if (!kept && stateFolder !== undefined) keepCluster(stateFolder, { config, keys: lasting });
  const { keys, admin } = await createClusterKeys(config, lasting);
  const record: ClusterRecord = {
    config,
    pid: child.pid!,
    startTicks: processIdOf(child.pid!)?.startTicks ?? '',
    kubeconfig,
    stateFolder,
    admin: { ca: keys.ca, ...admin },
  };
  writeRecord(record);
  return { record, start: { kind: 'start', config, keys, auditLog, stateFolder } };
};

const spawnCluster = (name: string): ChildProcess => {
  const files = clusterFiles(name);
  for (const folder of [files.run, files.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const log = openSync(files.log, 'a', 0o600);
  try {
    return spawn(process.execPath, [...PROCESS_FLAGS, PROGRAM, name], {
      detached: true,
      cwd: '/',
      stdio: ['ignore', log, log, 'ipc'],
      serialization: 'advanced',
    });
  } finally {
    closeSync(log);
  }
};

/** What is removed from outside is removed after the process that might still add to it. */
const end = async (child: ChildProcess): Promise<void> => {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** A slot whose ranges neither another cluster nor the machine's own interfaces use: the last one's, else the first. */
const freeSlot = (ownName: string, lastSlot: number | undefined): number => {
  const taken = new Set(otherClusters(ownName).flatMap((name) => readRecord(name)?.config.slot ?? []));
  const own = machineAddresses();
  const isFree = (config: ClusterConfig): boolean =>
    ![config.underlayCidrs[0], config.podCidrs[0], config.serviceCidrs[0]].some((cidr) =>
      own.some((address) => address.startsWith(networkPart(cidr))),
    );
  const free = [lastSlot ?? 0, ...Array(MAX_SLOTS).keys()].find(
    (slot) =>
      !taken.has(slot) && isFree(planCluster({ name: 'x', slot, nodes: 0, zones: [], proxy: 'nftables' })),
  );
  if (free !== undefined) return free;
  throw new UserError(
    `no address ranges are left for another cluster (at most ${MAX_SLOTS}): take one down with 'podnet down --name NAME'`,
  );
};

const otherClusters = (ownName: string): readonly string[] =>
  clusterNames().filter((name) => name !== ownName);

const machineAddresses = (): readonly string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));

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
    const ended = (): void => {
      const how = child.signalCode ?? `exit code ${child.exitCode}`;
      reject(new UserError(`the cluster's process ended with ${how} (log: ${log})\n${lastLines(log)}`));
    };
    if (hasEnded(child)) return ended();
    child.on('exit', ended);
    child.on('error', reject);
    child.send(start);
  });

const lastLines = (path: string): string =>
  readFileSync(path, 'utf8').trimEnd().split('\n').slice(-5).join('\n');
