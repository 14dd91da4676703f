// Runs a program of the project's own tools and passes its exit code on.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

/** Runs `command` in the project's folder; returns its exit code. */
export const run = (command: string, args: readonly string[]): number => {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) throw error;
  return status ?? 1;
};
