// The command line. Each command loads its own code, so that --help answers at once.
import { Command, InvalidArgumentError, Option } from 'commander';
import type { CommanderError } from 'commander';
import { UserError, say } from './cli/output.ts';
import { LIVE_CONNECTIONS, PROXY_BACK_ENDS, nameProblem } from './embedded/cluster-config.ts';
import { nodePortAddressProblem } from './k8s/node-port-addresses.ts';
import { StateError } from './state/state-error.ts';

const program = new Command('podnet')
  .description(
    'The Kubernetes network model on one Linux machine: real pods, Services, DNS and policies, used with kubectl.',
  )
  .showHelpAfterError("run 'podnet --help' for what there is")
  .enablePositionalOptions();

const integer = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number');
  return Number(text);
};
/** Checked before any command sees it: a name becomes part of paths whose content `down` ends and removes. */
const clusterName = (text: string): string => {
  const problem = nameProblem(text);
  if (problem) throw new InvalidArgumentError(problem);
  return text;
};
const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];
const list = (text: string): readonly string[] => text.split(',').filter(Boolean);

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };
const seconds = (text: string): number => {
  const [, count, unit] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (!count || !unit) throw new InvalidArgumentError('expected a time like 30s, 5m or 2h');
  return Number(count) * UNITS[unit]!;
};
const podName = (text: string): string => {
  if (!/^[^/]+\/[^/]+$/.test(text)) throw new InvalidArgumentError('expected NAMESPACE/NAME');
  return text;
};

const nodePortAddresses = (text: string): readonly string[] => {
  const values = list(text);
  for (const value of values) {
    const problem = nodePortAddressProblem(value);
    if (problem) throw new InvalidArgumentError(problem);
  }
  return values;
};

const nameOption = (): Option =>
  new Option('--name <name>', 'the cluster').argParser(clusterName).default('default');
const namespaceOption = (): Option =>
  new Option('-n, --namespace <name>', 'of the names that are given without one').default('default');
const fail = (error: unknown, exitCode: number): void => {
  const isUsers = error instanceof UserError || error instanceof StateError;
  say(`podnet: ${isUsers ? error.message : error instanceof Error ? error.stack : String(error)}`);
  process.exitCode = exitCode;
};
/** For commands whose exit code 1 is an answer: what keeps them from one is 2. */
const usageExit = ({ exitCode }: CommanderError): never => process.exit(exitCode === 0 ? 0 : 2);
const answer = async (ask: () => Promise<number>): Promise<void> => {
  try {
    process.exitCode = await ask();
  } catch (error) {
    fail(error, 2);
  }
};

const outputOption = (): Option =>
  new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table');

program
  .command('up')
  .description('start a cluster (or find it running), apply manifests and wait until everything is ready')
  .addOption(nameOption())
  .option(
    '-f, --filename <path>',
    'manifests to apply: file, folder or URL; may be given several times',
    collect,
    [],
  )
  .option('--nodes <count>', 'how many nodes (default: 3)', integer)
  .option('--zones <names>', 'topology zones, dealt out to the nodes in turn, e.g. a,b,c', list)
  .addOption(
    new Option(
      '--proxy <back end>',
      'how Services are translated: packets (nftables, the default), or sockets first (ebpf)',
    ).choices(PROXY_BACK_ENDS),
  )
  .option(
    '--load-balancer-pool <cidr>',
    'where Services of type LoadBalancer get addresses, instead of a part of the underlay; may be given several times',
    collect,
  )
  .option(
    '--nodeport-addresses <list>',
    'where node ports answer: CIDRs, primary (the default), localhost (TCP), all; e.g. primary,localhost',
    nodePortAddresses,
  )
  .addOption(
    new Option(
      '--policy-live-connections <what>',
      'what becomes of connections that policies no longer allow: cut (the default), or keep until they end',
    ).choices(LIVE_CONNECTIONS),
  )
  .option(
    '--state <folder>',
    'where the cluster is kept, also after down and crashes; the one that is kept there goes on (without: in memory only)',
  )
  .option('--wait <seconds>', 'how long to wait until all is ready; 0: not at all', integer, 120)
  .option('--kubeconfig <path>', 'the kubeconfig to write the context to')
  .option('--audit-log <path>', 'a file that gets a line of JSON for each request to the API')
  .action(async (options) => {
    const { up } = await import('./cli/up.ts');
    await up({
      ...options,
      files: options.filename,
      waitSeconds: options.wait,
      loadBalancerPools: options.loadBalancerPool,
      nodePortAddresses: options.nodeportAddresses,
    });
  });

program
  .command('down')
  .description(
    'stop a cluster and remove everything it made: processes, namespaces, interfaces, rules, mounts, files',
  )
  .addOption(nameOption())
  .option('--all', 'every cluster on this machine')
  .option('--kubeconfig <path>', 'the kubeconfig that holds the context')
  .action(async (options) => {
    const { down, downAll } = await import('./cli/down.ts');
    await (options.all ? downAll(options.kubeconfig) : down(options.name, options.kubeconfig));
  });

program
  .command('status')
  .description('show nodes, pods and Services of a cluster, and what is not ready (exit code 1)')
  .addOption(nameOption())
  .addOption(outputOption())
  .action(async (options) => {
    const { status } = await import('./cli/status.ts');
    process.exitCode = await status(options.name, options.output);
  });

program
  .command('flows')
  .description('show the connections of pods, allowed and denied, and the policies that decided')
  .addOption(nameOption())
  .addOption(outputOption())
  .option('-f, --follow', 'go on with those that come')
  .addOption(new Option('--verdict <verdict>', 'only these').choices(['allowed', 'denied']))
  .option(
    '--policy <name>',
    'only those that this policy decided: NAMESPACE/NAME, or NAME of a cluster-wide one',
  )
  .option('--pod <name>', 'only those of this pod: NAMESPACE/NAME', podName)
  .option('--since <time>', 'how far back, e.g. 30s, 5m, 2h', seconds)
  .action(async ({ since, ...options }) => {
    const { flows } = await import('./cli/policy/flows.ts');
    process.exitCode = await flows({ ...options, sinceSeconds: since });
  });

program
  .command('explain <source> <target...>')
  .usage('[options] POD|IP [to] POD|SERVICE|IP[:PORT][/PROTOCOL]')
  .description(
    'say whether network policies allow a connection, by which rules, what would allow it, and whether the kernel does so (exit code 0: allowed, 1: denied)',
  )
  .addHelpText(
    'after',
    `
POD is NAME, NAMESPACE/NAME or pod/NAME, and deploy/NAME (sts, ds) any pod of it; SERVICE is svc/NAME; node/NAME is a node.
A namespace may stand before each NAME.
Without a port: each port that the pod or the Service has. Without a protocol: TCP.

  podnet explain deploy/shop/web to svc/shop/db:5432
  podnet explain 192.0.2.1 shop/web:80/tcp
  podnet explain shop/web to shop/db/icmp`,
  )
  .addOption(nameOption())
  .addOption(namespaceOption())
  .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
  .option('--no-probe', 'try no real connection from the pod: read the tables of the nodes only')
  .exitOverride(usageExit)
  .action(async (source: string, target: readonly string[], options) => {
    const { explain } = await import('./cli/policy/explain.ts');
    await answer(() => explain([source, ...target], options));
  });

const policy = program.command('policy').description('network policies before they are applied');
policy
  .command('diff')
  .description(
    'show which connections policies would open and close if they were applied (exit code 0: none, 1: some)',
  )
  .requiredOption(
    '-f, --filename <path>',
    'manifests with policies: file, folder, URL or -; may be given several times',
    collect,
  )
  .option(
    '--against-flows',
    'name the flows too that the nodes have seen lately and that would be cut or opened',
    false,
  )
  .addOption(nameOption())
  .addOption(outputOption())
  .exitOverride(usageExit)
  .action(async (options) => {
    const { policyDiff } = await import('./cli/policy/policy-diff.ts');
    await answer(() => policyDiff({ ...options, files: options.filename }));
  });

program
  .command('backup <file>')
  .description("write a cluster's state, as it is now, into one file; the cluster goes on meanwhile")
  .addOption(nameOption())
  .option('--state <folder>', 'the state, instead of that of the running cluster')
  .addOption(outputOption())
  .action(async (file: string, options) => {
    const { backup } = await import('./cli/backup.ts');
    backup(file, options);
  });

program
  .command('restore <file>')
  .description("make a state of a backup, in a new folder: 'up --state' goes on with it")
  .requiredOption('--state <folder>', 'a folder that is new or empty')
  .addOption(outputOption())
  .action(async (file: string, options) => {
    const { restoreBackup } = await import('./cli/backup.ts');
    restoreBackup(file, options);
  });

program
  .command('version')
  .description('show the versions of podnet, of the Kubernetes API it serves, of Node and the kernel')
  .addOption(outputOption())
  .action(async (options) => {
    const { version } = await import('./cli/version.ts');
    version(options.output);
  });

program
  .command('kubectl')
  .description('run kubectl (the one on the PATH, else the one that the set-up brought)')
  .helpOption(false)
  .allowUnknownOption()
  .argument('[args...]')
  .passThroughOptions()
  .action(async (args: readonly string[]) => {
    const [{ runKubectl }, { kubeconfigPath }] = await Promise.all([
      import('./cli/kubectl.ts'),
      import('./cli/kubeconfig.ts'),
    ]);
    process.exitCode = await runKubectl(args, kubeconfigPath(undefined));
  });

const image = program.command('image').description('the local store of container images');
image
  .command('load <path>')
  .description('load an image from an OCI or docker-save archive, or from an OCI layout folder')
  .action(async (path: string) => (await import('./cli/image.ts')).load(path));
image
  .command('ls')
  .description('list the images')
  .addOption(outputOption())
  .action(async (options) => (await import('./cli/image.ts')).list(options.output));
image
  .command('rm <name>')
  .description('remove an image by name or id')
  .action(async (name: string) => (await import('./cli/image.ts')).remove(name));
image
  .command('build')
  .description('build podnet/toolbox and podnet/nginx from Debian packages (the set-up does this)')
  .action(async () => (await import('./cli/image.ts')).build());

program
  .command('test')
  .description('run all the tests')
  .action(async () => void (await import('../scripts/test.ts')));

program.parseAsync().catch((error: unknown) => fail(error, 1));
