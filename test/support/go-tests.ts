// The Go module conformance/: its tests as one program without libraries, which runs anywhere, also in a pod.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Outcome, run } from './test-cluster.ts';

const MODULE = join(import.meta.dirname, '../../conformance');

/** Undefined where there is Go and the modules can be had; else why the tests cannot run. */
export const whyNoGo = (): string | undefined => {
  const { error, status, stderr } = spawnSync('go', ['-C', MODULE, 'mod', 'download'], { encoding: 'utf8' });
  if (error) return 'not run: there is no Go on this machine';
  return status === 0 ? undefined : `not run: its modules cannot be had here: ${stderr.trim()}`;
};

/** Compiling client-go anew takes minutes. */
export const GO_BUILD_MS_MAX = 30 * 60_000;

/** Builds the tests of a package, of the module or of one that it requires; one package at a time, since each takes much memory. */
export const buildGoTests = (
  program: string,
  goPackage = '.',
  tags: readonly string[] = [],
): Promise<Outcome> => build('test', ['-c', `-tags=${tags.join()}`, '-o', program, goPackage]);

/** Where the Go tool keeps a module that this one requires. */
export const requiredFolder = async (module: string): Promise<string> =>
  (await run('go', ['-C', MODULE, 'list', '-m', '-f', '{{.Dir}}', module])).stdout.trim();

/** Builds the program in a folder of the module. */
export const buildGoProgram = (program: string, folder: string): Promise<Outcome> =>
  build('build', ['-o', program, folder]);

const build = (command: string, args: readonly string[]): Promise<Outcome> =>
  run('go', ['-C', MODULE, command, '-p=1', '-ldflags=-s', ...args], {
    env: { CGO_ENABLED: '0' },
    timeoutMs: GO_BUILD_MS_MAX,
  });

/** The names of its tests. */
export const listGoTests = async (program: string): Promise<readonly string[]> =>
  (await run(program, ['-test.list=.'])).stdout.trim().split('\n');

export const runGoTest = (
  program: string,
  name: string,
  kubeconfig: string,
  timeoutMs = 120_000,
): Promise<Outcome> =>
  run(program, [`-test.run=^${name}$`, '-test.v', `-test.timeout=${timeoutMs}ms`], {
    env: { KUBECONFIG: kubeconfig },
    timeoutMs,
  });
