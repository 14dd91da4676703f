// Where a cluster keeps its files. One folder each under /run (gone after a reboot), /var/lib and /var/log.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ClusterConfig, nameProblem } from './cluster-config.ts';

const RUN = '/run/podnet';
const STATE = '/var/lib/podnet';
const LOGS = '/var/log/podnet';

export const IMAGE_FOLDER = join(STATE, 'images');

export type ClusterFiles = {
  readonly run: string;
  /** Pods' folders, address allocations, the runtime's records. */
  readonly state: string;
  readonly logs: string;
  readonly log: string;
  /** A running cluster's ClusterRecord; 0600. */
  readonly record: string;
};

export const clusterFiles = (name: string): ClusterFiles => ({
  run: join(RUN, name),
  state: join(STATE, 'clusters', name),
  logs: join(LOGS, name),
  log: join(LOGS, name, 'cluster.log'),
  record: join(RUN, name, 'cluster.json'),
});

/** What a node's agent keeps. */
export const nodeStateFolder = (cluster: string, node: string): string =>
  join(clusterFiles(cluster).state, node);

/** In that folder: which addresses DNS has told of the names of policies, and until when. */
export const DOMAIN_NAMES_FILE = 'domain-names.json';

/** What `up` leaves for `status` and `down`. Holds the administrator's key: readable by root only. */
export type ClusterRecord = {
  readonly config: ClusterConfig;
  readonly pid: number;
  /** The process's start time, as kernel/process-id.ts has it. */
  readonly startTicks: string;
  readonly kubeconfig: string;
  /** Where its objects outlive it. */
  readonly stateFolder?: string | undefined;
  readonly admin: { readonly ca: string; readonly certificate: string; readonly key: string };
};

export const writeRecord = (record: ClusterRecord): void =>
  writeAtomically(clusterFiles(record.config.name).record, `${JSON.stringify(record, null, 2)}\n`, 0o600);

/** The cluster's record, or undefined if there is none or it cannot be read. */
export const readRecord = (name: string): ClusterRecord | undefined => {
  try {
    return JSON.parse(readFileSync(clusterFiles(name).record, 'utf8')) as ClusterRecord;
  } catch {
    return undefined;
  }
};

/** The names of the clusters that left anything on this machine, running or not. */
export const clusterNames = (): readonly string[] => {
  const names = [RUN, join(STATE, 'clusters')].flatMap((folder) => {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  });
  return [...new Set(names)].filter((name) => nameProblem(name) === undefined).sort();
};

/** The record goes last: as long as it is there, the next `down` knows that there is something to remove. */
export const removeClusterFiles = (name: string): void => {
  const files = clusterFiles(name);
  for (const folder of [files.logs, files.state, files.run]) rmSync(folder, { recursive: true, force: true });
};

/** Writes a whole file or none of it, also at kill -9. Not synced to the disk: what is written does not outlive a reboot. */
const writeAtomically = (path: string, text: string, mode: number): void => {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text, { mode });
  renameSync(temporary, path);
};
