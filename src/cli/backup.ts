// podnet backup and podnet restore: a cluster's state as one file, and a state made of it.
import { resolve } from 'node:path';
import { type Summary, backUp, restore } from '../state/backup.ts';
import { runningCluster } from './cluster-client.ts';
import { parseKeptCluster } from './kept-cluster.ts';
import { UserError, print, requireRoot } from './output.ts';

type Output = 'table' | 'json';

/** Also while the cluster runs. Throws UserError, StateError; the file is there whole or not at all. */
export const backup = (
  file: string,
  { name, state, output }: { readonly name: string; readonly state?: string; readonly output: Output },
): void => {
  const folder = state === undefined ? stateOfRunning(name) : resolve(state);
  const summary = backUp(folder, resolve(file));
  printSummary('Backup', summary, file, output, `podnet restore ${file} --state FOLDER`);
};

/** Throws StateError; then the folder has no state. */
export const restoreBackup = (
  file: string,
  { state, output }: { readonly state: string; readonly output: Output },
): void => {
  const summary = restore(resolve(file), resolve(state));
  const { name } = parseKeptCluster(summary.cluster).config;
  const flag = name === 'default' ? '' : ` --name ${name}`;
  printSummary('Restore', summary, state, output, `podnet up${flag} --state ${state}`);
};

const stateOfRunning = (name: string): string => {
  requireRoot('backup');
  const { stateFolder } = runningCluster(name);
  if (stateFolder !== undefined) return stateFolder;
  throw new UserError(
    `cluster "${name}" has its state in memory only: start it with 'podnet up --state FOLDER' to back it up`,
  );
};

/** Never what else the state says of its cluster: that is its keys. */
const printSummary = (
  kind: 'Backup' | 'Restore',
  { cluster, objects, revision, bytes }: Summary,
  path: string,
  output: Output,
  next: string,
): void => {
  const { name } = parseKeptCluster(cluster).config;
  const facts = { cluster: name, path: resolve(path), objects, revision: String(revision), bytes };
  if (output === 'json')
    return print(JSON.stringify({ apiVersion: 'podnet.dev/v1alpha1', kind, ...facts }, null, 2));
  print(
    `${path}: ${objects} objects of cluster "${name}" at revision ${revision}, ${bytes} bytes. Next: ${next}`,
  );
};
