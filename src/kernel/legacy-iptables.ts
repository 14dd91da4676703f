// The tables of the iptables of old (x_tables) of the calling thread's network namespace. They have no other interface
// than their own programs: the kernel's binary blobs are private to those.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Family } from '../ip/address.ts';
import { KernelError } from './kernel-error.ts';

const PROGRAMS = { 4: 'iptables-legacy', 6: 'ip6tables-legacy' } as const;
/** How long to wait for another program that has the tables locked. */
const WAIT_SECONDS = 5;
const OUTPUT_MAX = 256 << 20;

/** The tables that are there. Whoever asks the programs for another makes it: it stays, and costs each packet. */
export const legacyTables = (family: Family): readonly string[] => {
  try {
    const path = `/proc/thread-self/net/${family === 4 ? 'ip' : 'ip6'}_tables_names`;
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // a kernel without them
  }
};

/** A table as iptables-save(8) prints it; throws KernelError, ENOENT where the program is not installed. */
export const saveLegacyTable = (family: Family, table: string): string =>
  run(`${PROGRAMS[family]}-save`, ['-t', table], '');

/** Reads iptables-save's text for one table and commits it at once; chains that it does not name stay as they are. */
export const restoreLegacyTable = (family: Family, text: string): void => {
  run(`${PROGRAMS[family]}-restore`, ['--noflush', `--wait=${WAIT_SECONDS}`], text);
};

const run = (program: string, args: readonly string[], input: string): string => {
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const { error, status, stdout, stderr } = spawnSync(program, args, {
    input,
    env,
    encoding: 'utf8',
    maxBuffer: OUTPUT_MAX,
  });
  const what = [program, ...args].join(' ');
  if (error)
    throw new KernelError((error as NodeJS.ErrnoException).code ?? 'EIO', `${what}: ${error.message}`);
  if (status !== 0) throw new KernelError('EINVAL', `${what}: exit code ${status}: ${stderr.trim()}`);
  return stdout;
};
