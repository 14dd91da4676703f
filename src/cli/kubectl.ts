// podnet kubectl: the kubectl on the PATH, or the one that the set-up brought, against a podnet cluster.
import { spawn } from 'node:child_process';
import { accessSync, constants as access, existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import { UserError } from './output.ts';

const TOOLS = join(import.meta.dirname, '../../.podnet');

/** The path of a kubectl: the PATH's, else the newest that the set-up brought. Throws UserError if there is none. */
export const findKubectl = (): string => {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'kubectl'))
    .find(isExecutable);
  const brought = existsSync(TOOLS)
    ? readdirSync(TOOLS)
        .filter((name) => name.startsWith('kubectl-'))
        .sort()
        .reverse()
        .map((name) => join(TOOLS, name, 'kubectl'))
        .find(isExecutable)
    : undefined;
  const found = onPath ?? brought;
  if (!found)
    throw new UserError(
      "no kubectl on the PATH and none from the set-up: run 'sudo ./podnet up' once, or install kubectl",
    );
  return found;
};

/** Runs kubectl with this terminal's streams; resolves with its exit code, 128 + n where signal n ended it. */
export const runKubectl = (args: readonly string[], kubeconfig: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(findKubectl(), args, {
      stdio: 'inherit',
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });

/** kubectl's stdout, with this terminal's stdin and stderr; undefined where it failed, and said why. */
export const kubectlOutput = (args: readonly string[], kubeconfig: string): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn(findKubectl(), args, {
      stdio: ['inherit', 'pipe', 'inherit'],
      env: { ...process.env, KUBECONFIG: kubeconfig },
    });
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.on('error', reject);
    child.on('close', (code) => resolve(code === 0 ? Buffer.concat(pieces).toString() : undefined));
  });

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, access.X_OK);
    return true;
  } catch {
    return false;
  }
};
