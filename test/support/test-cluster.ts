// A whole embedded cluster for a test, driven as its user would: by the podnet and kubectl programs.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contextName } from '../../src/cli/kubeconfig.ts';

const ROOT = join(import.meta.dirname, '../..');

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs a program to its end; never throws for an exit code. */
export const run = (
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string; readonly timeoutMs?: number } = {},
): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { env: { ...process.env, ...options.env }, maxBuffer: 64 << 20, timeout: options.timeoutMs ?? 120_000 },
      (error, stdout, stderr) => {
        if (error && typeof error.code === 'string') return reject(error);
        resolve({ code: child.exitCode ?? 128, stdout, stderr });
      },
    );
    child.stdin!.on('error', () => {}); // the program may end without reading
    child.stdin!.end(options.input ?? '');
  });

/** Like run(), but an exit code other than 0 fails the test with what the program said. */
export const runOk = async (...args: Parameters<typeof run>): Promise<string> => {
  const { code, stdout, stderr } = await run(...args);
  if (code !== 0) throw new Error(`${args[0]} ${args[1].join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
};

/** The kubectl versions that the set-up of the tests brings. */
export const KUBECTL_VERSIONS = ['1.32', '1.36'] as const;

const kubectlProgram = (version: string): string => {
  const path = join(ROOT, `.podnet/kubectl-${version}/kubectl`);
  if (!existsSync(path))
    throw new Error(`no kubectl ${version}: run the tests by './podnet test', which brings it`);
  return path;
};

export type TestCluster = {
  readonly name: string;
  readonly kubeconfig: string;
  /** kubectl's stdout; throws on an exit code other than 0. */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** kubectl with its exit code and streams, in any of the versions. */
  readonly tryKubectl: (
    args: readonly string[],
    options?: { readonly input?: string; readonly version?: string; readonly env?: NodeJS.ProcessEnv },
  ) => Promise<Outcome>;
  /** How to run kubectl against this cluster. */
  readonly kubectlCommand: (
    args: readonly string[],
    version?: string,
  ) => { readonly program: string; readonly args: readonly string[] };
  readonly podnet: (args: readonly string[]) => Promise<Outcome>;
  /** Runs a program inside a node's network namespace. */
  readonly onNode: (node: string, args: readonly string[]) => Promise<Outcome>;
  readonly down: () => Promise<void>;
};

export const runPodnet = (args: readonly string[]): Promise<Outcome> =>
  run(process.execPath, [join(ROOT, 'src/cli.ts'), ...args]);

type ClusterOptions = {
  readonly nodes?: number;
  readonly files?: readonly string[];
  readonly zones?: string;
  readonly proxy?: string;
  readonly loadBalancerPools?: readonly string[];
  readonly nodePortAddresses?: string;
  readonly state?: string;
};

/** Starts a cluster with a kubeconfig of its own; `name` must be unique among tests that run together. */
export const startTestCluster = async (name: string, options: ClusterOptions = {}): Promise<TestCluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'podnet-test-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const context = ['--kubeconfig', kubeconfig, '--context', contextName(name)];
  const kubectlCommand: TestCluster['kubectlCommand'] = (args, version = '1.36') => ({
    program: kubectlProgram(version),
    args: [...context, ...args],
  });
  const tryKubectl: TestCluster['tryKubectl'] = (words, { input, version, env = {} } = {}) => {
    const { program, args } = kubectlCommand(words, version);
    return run(program, args, { env, ...(input === undefined ? {} : { input }) });
  };
  const down = async (): Promise<void> => {
    const { code, stderr } = await runPodnet(['down', '--name', name, '--kubeconfig', kubeconfig]);
    rmSync(folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`podnet down: ${stderr}`);
  };
  const flags = [
    ...['--nodes', String(options.nodes ?? 3), '--kubeconfig', kubeconfig],
    ...(options.files ?? []).flatMap((file) => ['-f', join(ROOT, file)]),
    ...(options.zones ? ['--zones', options.zones] : []),
    ...(options.loadBalancerPools ?? []).flatMap((cidr) => ['--load-balancer-pool', cidr]),
    ...(options.proxy ? ['--proxy', options.proxy] : []),
    ...(options.state ? ['--state', options.state] : []),
    ...(options.nodePortAddresses ? ['--nodeport-addresses', options.nodePortAddresses] : []),
  ];
  const { code, stderr } = await runPodnet(['up', '--name', name, ...flags]);
  if (code !== 0) {
    const log = `/var/log/podnet/${name}/cluster.log`;
    const tail = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-30).join('\n') : '';
    await down();
    throw new Error(`podnet up: ${stderr}\n${tail}`);
  }
  return {
    name,
    kubeconfig,
    tryKubectl,
    kubectlCommand,
    kubectl: async (args, input) => {
      const outcome = await tryKubectl(args, input === undefined ? {} : { input });
      if (outcome.code !== 0)
        throw new Error(`kubectl ${args.join(' ')}: exit code ${outcome.code}\n${outcome.stderr}`);
      return outcome.stdout;
    },
    podnet: (args) => runPodnet([...args, '--name', name]),
    onNode: (node, args) => run('ip', ['netns', 'exec', `podnet-${name}-${node}`, ...args]),
    down,
  };
};
