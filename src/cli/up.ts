// podnet up: a running cluster, with the given manifests applied and ready.
import { closeSync, openSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../client/client.ts';
import { MAX_NODES } from '../embedded/cluster-config.ts';
import { type ClusterRecord, clusterFiles, readRecord } from '../embedded/cluster-files.ts';
import { isAlive } from '../kernel/process-id.ts';
import { connectTo, serverOf } from './cluster-client.ts';
import type { ClusterFlags } from './kept-cluster.ts';
import { addContext, contextName, kubeconfigPath } from './kubeconfig.ts';
import { findKubectl, runKubectl } from './kubectl.ts';
import { UserError, formatMs, print, requireRoot, say } from './output.ts';
import { startCluster } from './start-cluster.ts';
import { type ClusterSnapshot, readSnapshot, renderSnapshot, suggestions, unready } from './summary.ts';

export type UpOptions = ClusterFlags & {
  readonly files: readonly string[];
  readonly waitSeconds: number;
  readonly kubeconfig: string | undefined;
  readonly auditLog?: string | undefined;
  /** A folder. */
  readonly state?: string | undefined;
};

const POLL_MS = 100;
const SAY_EVERY_MS = 5000;

/** Idempotent: a cluster that runs already keeps running, and the manifests are applied to it. */
export const up = async (options: UpOptions): Promise<void> => {
  requireRoot('up');
  checkOptions(options);
  const start = performance.now();
  const record = await ensureRunning(options);
  const client = connectTo(record);
  try {
    await applyManifests(options.files, record);
    const snapshot = await untilReady(client, options);
    print(renderSnapshot(snapshot));
    say(`cluster "${options.name}" is ready after ${formatMs(performance.now() - start)}. Try:`);
    for (const line of suggestions(snapshot, kubectlCommand(options.name))) say(`  ${line}`);
  } finally {
    client.close();
  }
};

const checkOptions = ({ nodes = 1, waitSeconds }: UpOptions): void => {
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MAX_NODES)
    throw new UserError(`--nodes must be between 1 and ${MAX_NODES}`);
  if (!(waitSeconds >= 0)) throw new UserError('--wait must be a number of seconds, 0 for not at all');
};

const ensureRunning = async (options: UpOptions): Promise<ClusterRecord> => {
  const existing = readRecord(options.name);
  const isRunning = existing !== undefined && isAlive(existing);
  const stateFolder = options.state === undefined ? undefined : stateFolderFor(options.name, options.state);
  if (isRunning) sayRunning(existing, stateFolder);
  const record = isRunning ? existing : await start(options, stateFolder);
  // also of one that runs already: the `up` that started it may have ended before this
  await addContext(record.kubeconfig, {
    context: contextName(options.name),
    server: serverOf(record),
    ...record.admin,
  });
  return record;
};

const sayRunning = ({ config, stateFolder }: ClusterRecord, wanted: string | undefined): void => {
  if (wanted !== undefined && wanted !== stateFolder)
    throw new UserError(
      `cluster "${config.name}" is running already, with its state ${stateFolder ? `in ${stateFolder}` : 'in memory only'}: take it down first`,
    );
  say(`cluster "${config.name}" is running already`);
};

/** Absolute, and not among the files that `down` removes. */
const stateFolderFor = (name: string, path: string): string => {
  const folder = resolve(path);
  const { run, state, logs } = clusterFiles(name);
  const inside = [run, state, logs].find((own) => folder === own || folder.startsWith(`${own}/`));
  if (inside) throw new UserError(`--state: ${inside} is removed by 'podnet down': choose another folder`);
  return folder;
};

const start = (options: UpOptions, stateFolder: string | undefined): Promise<ClusterRecord> => {
  say(
    `starting cluster "${options.name}"${stateFolder === undefined ? '' : ` with its state in ${stateFolder}`}`,
  );
  const auditLog = options.auditLog === undefined ? undefined : writablePath(options.auditLog);
  return startCluster({ ...options, kubeconfig: kubeconfigPath(options.kubeconfig), auditLog, stateFolder });
};

/** The cluster's process has another working directory, and nobody to tell that a file cannot be written. */
const writablePath = (path: string): string => {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new UserError(`--audit-log: ${(error as Error).message}`);
  }
  return resolve(path);
};

const applyManifests = async (files: readonly string[], record: ClusterRecord): Promise<void> => {
  if (files.length === 0) return;
  const args = [
    '--context',
    contextName(record.config.name),
    'apply',
    ...files.flatMap((file) => ['-f', file]),
  ];
  const code = await runKubectl(args, record.kubeconfig);
  if (code !== 0)
    throw new UserError(
      `kubectl apply failed (exit code ${code}): the cluster runs, mend the manifests and run the command again`,
    );
};

const untilReady = async (client: ApiClient, { waitSeconds }: UpOptions): Promise<ClusterSnapshot> => {
  const deadline = Date.now() + waitSeconds * 1000;
  let nextWordMs = Date.now() + SAY_EVERY_MS;
  for (;;) {
    const snapshot = await readSnapshot(client);
    const missing = unready(snapshot);
    if (missing.length === 0 || waitSeconds === 0) return snapshot;
    if (Date.now() > deadline)
      throw new UserError(`not ready after ${waitSeconds} s:\n  ${missing.join('\n  ')}`);
    if (Date.now() > nextWordMs) {
      say(`  waiting for ${missing.length}: ${missing[0]}`);
      nextWordMs += SAY_EVERY_MS;
    }
    await delay(POLL_MS);
  }
};

const kubectlCommand = (name: string): string => {
  const program = findKubectl().includes('/.podnet/') ? './podnet kubectl' : 'kubectl';
  return `${program} --context ${contextName(name)}`;
};
