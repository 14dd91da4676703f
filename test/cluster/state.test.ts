// A cluster with --state: it goes on after down, after kill -9 and out of a backup, with all of its objects, and traffic flows.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, it } from 'node:test';
import { type ClusterRecord, clusterFiles } from '../../src/embedded/cluster-files.ts';
import { isAlive } from '../../src/kernel/process-id.ts';
import { readHostState } from '../support/host-state.ts';
import { eventually } from '../support/poll.ts';
import { type TestCluster, run, runPodnet, startTestCluster } from '../support/test-cluster.ts';

const NAME = 'kept';
const CRD = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: lamps, singular: lamp, kind: Lamp}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {lumen: {type: integer}}}}}}
`;
const LAMP =
  'apiVersion: example.com/v1\nkind: Lamp\nmetadata: {name: desk, finalizers: [example.com/held]}\nspec: {lumen: 400}';

type Listed = {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly uid: string };
};

/** What is not there but for clusters: others' tests may mount things meanwhile. */
const hostState = async (): Promise<object> => {
  const { mounts, cgroups, ...rest } = await readHostState();
  const ours = (lines: readonly string[] = []): readonly string[] =>
    lines.filter((line) => /\bkept\b/.test(line));
  return { ...rest, mounts: ours(mounts), cgroups: ours(cgroups) };
};

describe('a cluster with --state', () => {
  let root: string;
  let folder: string;
  let cluster: TestCluster;
  let hostBefore: Awaited<ReturnType<typeof hostState>>;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'podnet-state-'));
    folder = join(root, 'state');
    hostBefore = await hostState();
    cluster = await startTestCluster(NAME, {
      nodes: 2,
      files: ['examples/connect-applications'],
      state: folder,
    });
    await cluster.kubectl(['apply', '-f', '-'], CRD);
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd/lamps.example.com']);
    await cluster.kubectl(['apply', '-f', '-'], LAMP);
  });
  after(async () => {
    await cluster?.down();
    rmSync(root, { recursive: true, force: true });
  });

  const record = (): ClusterRecord =>
    JSON.parse(readFileSync(clusterFiles(NAME).record, 'utf8')) as ClusterRecord;
  const up = (...flags: readonly string[]) =>
    runPodnet(['up', '--name', NAME, '--kubeconfig', cluster.kubeconfig, ...flags]);
  const resume = async (): Promise<void> => {
    const { code, stderr } = await up('--state', folder);
    assert.equal(code, 0, stderr);
  };
  const down = async (): Promise<string> => {
    const { code, stdout } = await runPodnet(['down', '--name', NAME, '--kubeconfig', cluster.kubeconfig]);
    assert.equal(code, 0);
    return stdout;
  };
  const kill = async (): Promise<void> => {
    const running = record();
    process.kill(running.pid, 'SIGKILL');
    await eventually('the process is gone', () => !isAlive(running));
  };
  /** `Kind namespace/name uid` of what users made and controllers made for them. */
  const objects = async (): Promise<readonly string[]> => {
    const kinds =
      'pods,services,deployments,replicasets,serviceaccounts,configmaps,crds,lamps,nodes,endpointslices';
    const text = await cluster.kubectl(['get', kinds, '-A', '-o', 'json']);
    const { items } = JSON.parse(text) as { readonly items: readonly Listed[] };
    return items
      .map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name} ${metadata.uid}`)
      .sort();
  };
  const get = (what: readonly string[], path: string): Promise<string> =>
    cluster.kubectl(['get', ...what, '-o', `jsonpath=${path}`]);
  const podIps = () =>
    get(['pods', '-l', 'run=my-nginx'], '{range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}');
  const clusterIp = () => get(['service', 'my-nginx'], '{.spec.clusterIP}');
  const answers = async (): Promise<void> => {
    const url = `http://${await clusterIp()}`;
    await eventually(
      'the Service answers',
      async () => (await run('curl', ['-sSf', '--max-time', '2', url])).code === 0,
    );
  };

  it('status says where its state is', async () => {
    assert.match((await cluster.podnet(['status'])).stdout, new RegExp(`state: ${folder}`));
    assert.equal(JSON.parse((await cluster.podnet(['status', '-o', 'json'])).stdout).stateFolder, folder);
    for (const [path, mode] of [
      [folder, 0o700],
      [join(folder, 'state.db'), 0o600],
    ] as const)
      assert.equal(statSync(path).mode & 0o777, mode);
  });

  it('goes on after kill -9: the same objects and addresses; pods keep their sandboxes, containers are restarted', async () => {
    const [all, ips, ip] = [await objects(), await podIps(), await clusterIp()];
    const namespaces = async () => (await readHostState()).netns;
    const sandboxes = await namespaces();
    const kubeconfig = readFileSync(cluster.kubeconfig, 'utf8');
    await kill();
    await resume();
    assert.deepEqual(await objects(), all);
    assert.deepEqual([await podIps(), await clusterIp(), await namespaces()], [ips, ip, sandboxes]);
    const restarts = '{.items[*].status.containerStatuses[*].restartCount}';
    assert.equal(await get(['pods', '-l', 'run=my-nginx'], restarts), '1 1');
    await answers();
    assert.ok(
      kubeconfig.includes(Buffer.from(record().admin.ca).toString('base64')),
      'the authority is the same',
    );
  });

  it('goes on after down: the same objects and Services, pods run again, controllers too', async () => {
    const [all, ip] = [await objects(), await clusterIp()];
    const stdout = await down();
    assert.match(
      stdout,
      new RegExp(`deleted; its state is kept in ${folder}: 'podnet up --name kept --state ${folder}'`),
    );
    assert.deepEqual(await hostState(), hostBefore);
    await resume();
    assert.deepEqual(await objects(), all);
    assert.equal(await clusterIp(), ip);
    await answers();
    await cluster.kubectl(['scale', 'deployment/my-nginx', '--replicas=3']);
    await cluster.kubectl(['rollout', 'status', 'deployment/my-nginx', '--timeout=60s']);
    await cluster.kubectl(['expose', 'deployment/my-nginx', '--name=second', '--port=80', '--type=NodePort']);
    assert.notEqual(await get(['service', 'second'], '{.spec.clusterIP}'), ip);
  });

  it('a finalizer holds an object across a crash, and lets it go afterwards', async () => {
    await cluster.kubectl(['delete', 'lamp', 'desk', '--wait=false']);
    await kill();
    await resume();
    assert.match(await get(['lamp', 'desk'], '{.metadata.deletionTimestamp}'), /^2/);
    await cluster.kubectl([
      'patch',
      'lamp',
      'desk',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);
    assert.equal((await cluster.tryKubectl(['get', 'lamp', 'desk'])).code, 1);
    await cluster.kubectl(['apply', '-f', '-'], LAMP);
  });

  it('is backed up while it runs, and restored in another folder', async () => {
    const file = join(root, 'backup.db');
    const made = await cluster.podnet(['backup', file, '-o', 'json']);
    assert.equal(made.code, 0, made.stderr);
    const summary = JSON.parse(made.stdout);
    assert.deepEqual([summary.kind, summary.cluster, summary.path], ['Backup', NAME, file]);
    assert.doesNotMatch(made.stdout, /PRIVATE KEY/);
    const all = await objects();
    await cluster.kubectl(['create', 'configmap', 'too-late']);
    const other = join(root, 'restored');
    const restored = await runPodnet(['restore', file, '--state', other]);
    assert.match(restored.stdout, new RegExp(`${summary.objects} objects of cluster "kept"`));
    await down();
    const { code, stderr } = await up('--state', other);
    assert.equal(code, 0, stderr);
    assert.deepEqual(await objects(), all);
    await answers();
    const twice = await cluster.podnet(['backup', file]);
    assert.match(twice.stderr, /is there already: choose another name/);
    await down();
    const again = await runPodnet(['restore', file, '--state', other]);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^podnet: .*holds a state already: choose a folder that is new or empty$/m);
  });

  it('refuses flags that say something else than the state', async () => {
    const refused = async (...flags: readonly string[]): Promise<string> => {
      const { code, stderr } = await up('--state', folder, ...flags);
      assert.equal(code, 1);
      assert.doesNotMatch(stderr, /\n\s+at /, 'one line, no stack');
      return stderr;
    };
    assert.match(
      await refused('--nodes', '3'),
      /--nodes 3: the cluster of .* has 2, which cannot be changed/,
    );
    assert.match(await refused('--proxy', 'ebpf'), /--proxy ebpf: .* has nftables/);
    const { code, stderr } = await runPodnet(['up', '--name', 'other', '--state', folder]);
    assert.equal(code, 1);
    assert.match(stderr, /holds the state of cluster "kept": give '--name kept'/);
    assert.match(await refused('--state', clusterFiles(NAME).state), /is removed by 'podnet down'/);
    assert.deepEqual(await hostState(), hostBefore);
  });

  it('refuses a folder that another cluster uses', async () => {
    const copy = await startTestCluster('user', { nodes: 1, state: join(root, 'used') });
    try {
      const { code, stderr } = await runPodnet([
        'restore',
        join(root, 'backup.db'),
        '--state',
        join(root, 'used'),
      ]);
      assert.equal(code, 1);
      assert.match(stderr, /is in use by another cluster that runs/);
      const elsewhere = await copy.podnet(['up', '--state', folder]);
      assert.match(elsewhere.stderr, /is running already, with its state in .*used: take it down first/);
    } finally {
      await copy.down();
    }
  });

  it('refuses a state of a newer podnet, and one that is damaged, and starts nothing', async () => {
    const path = join(folder, 'state.db');
    const version = (change: number): void => {
      const db = new DatabaseSync(path);
      const { user_version: now } = db.prepare('PRAGMA user_version').get()!;
      db.exec(`PRAGMA user_version = ${Number(now) + change}`);
      db.close();
    };
    version(1);
    assert.match((await up('--state', folder)).stderr, /was written by a newer podnet/);
    version(-1);
    truncateSync(path, 5000);
    const { code, stderr } = await up('--state', folder);
    assert.equal(code, 1);
    assert.match(stderr, /state\.db is damaged: .*podnet restore FILE --state FOLDER/);
    assert.equal(statSync(path).size, 5000, 'it is not touched');
    assert.deepEqual(await hostState(), hostBefore);
  });
});
