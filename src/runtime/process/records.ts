// The runtime's memory on disk: what existed is found again after the node agent's end, however it came.
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessId } from '../../kernel/process-id.ts';
import type { ContainerConfig, ContainerState, PodSandboxConfig, SandboxState } from '../runtime.ts';

export type SandboxRecord = {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly createdAtMs: number;
  /** The name of the pod's network namespace; undefined with hostNetwork. */
  readonly netns: string | undefined;
  /** Holds the pod's IPC namespace and /dev/shm; gone after a reboot. */
  readonly ipcFolder: string;
  readonly state: SandboxState;
  readonly ips: readonly string[];
};

export type ContainerRecord = {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly imageRef: string;
  readonly stopSignal: NodeJS.Signals;
  readonly createdAtMs: number;
  readonly state: ContainerState;
  /** The container's first process, from the host. */
  readonly process: ProcessId | undefined;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  readonly exitCode: number | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
};

export type Records<T> = {
  readonly folderOf: (id: string) => string;
  readonly save: (record: T) => void;
  readonly load: () => readonly T[];
  /** With everything in the record's folder. */
  readonly remove: (id: string) => void;
};

/**
 * One folder for each record. Its file grows by a line for each state and the last whole line counts: an append is one
 * write, where a new file and a rename cost ten times as much. Readable by root only: records hold environments.
 */
export const openRecords = <T extends { readonly id: string }>(folder: string): Records<T> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const folderOf = (id: string): string => join(folder, id);
  const fileOf = (id: string): string => join(folderOf(id), 'record.jsonl');
  const save = (record: T): void => {
    mkdirSync(folderOf(record.id), { recursive: true, mode: 0o700 });
    appendFileSync(fileOf(record.id), `${JSON.stringify(record)}\n`, { mode: 0o600 });
  };
  const read = (id: string): readonly T[] => {
    const record = lastRecord<T>(fileOf(id));
    if (record) return [record];
    rmSync(folderOf(id), { recursive: true, force: true }); // begun, and never finished
    return [];
  };
  return {
    folderOf,
    save,
    load: () => readdirSync(folder).flatMap(read),
    remove: (id) => rmSync(folderOf(id), { recursive: true, force: true }),
  };
};

/** Takes away what was written of a line when the writer was killed, so that the next one begins where it should. */
const lastRecord = <T>(path: string): T | undefined => {
  try {
    const bytes = readFileSync(path);
    const end = bytes.lastIndexOf('\n') + 1;
    if (end < bytes.length) truncateSync(path, end);
    const lines = bytes.toString('utf8', 0, end).split('\n');
    return JSON.parse(lines.at(-2)!) as T;
  } catch {
    return undefined;
  }
};
