// podnet down: ends a cluster's process and removes all that it made, also when the process died long ago.
import { setTimeout as delay } from 'node:timers/promises';
import { clusterNames, readRecord, removeClusterFiles } from '../embedded/cluster-files.ts';
import { isAlive, signalProcess } from '../kernel/process-id.ts';
import { contextName, kubeconfigPath, removeContext } from './kubeconfig.ts';
import { print, say } from './output.ts';
import { removeClusterTraces } from './remove-traces.ts';

const STOP_WAIT_MS = 15_000;

/** Takes one cluster down. Idempotent; a `down` that was killed is finished by the next one. */
export const down = async (name: string, kubeconfig: string | undefined): Promise<void> => {
  if (!clusterNames().includes(name)) {
    removeClusterTraces(name);
    return print(`cluster "${name}" is not there`);
  }
  const record = readRecord(name);
  await stopProcess(name);
  removeClusterTraces(name);
  const path = kubeconfig ?? record?.kubeconfig ?? kubeconfigPath(undefined);
  await removeContext(path, contextName(name));
  removeClusterFiles(name);
  print(`cluster "${name}" deleted${keptWords(name, record?.stateFolder)}`);
};

const keptWords = (name: string, folder: string | undefined): string => {
  if (folder === undefined) return '';
  const flag = name === 'default' ? '' : ` --name ${name}`;
  return `; its state is kept in ${folder}: 'podnet up${flag} --state ${folder}' goes on with it`;
};

/**
 * TERM lets the process end and remove its pods itself: by KILL, all at once, without their grace periods. After 15 s it
 * is killed. What is left either way, the nodes at least, is removed from outside.
 */
const stopProcess = async (name: string): Promise<void> => {
  const record = readRecord(name);
  if (!record || !isAlive(record)) return;
  signalProcess(record, 'SIGTERM');
  const deadline = Date.now() + STOP_WAIT_MS;
  while (isAlive(record) && Date.now() < deadline) await delay(20);
  if (!isAlive(record)) return;
  say(`cluster "${name}" did not stop within ${STOP_WAIT_MS / 1000} s: killing process ${record.pid}`);
  signalProcess(record, 'SIGKILL');
  while (isAlive(record)) await delay(20);
};

/** Takes down every cluster that left anything on this machine. */
export const downAll = async (kubeconfig: string | undefined): Promise<void> => {
  for (const name of clusterNames()) await down(name, kubeconfig);
};
