// up and down: what they make, what they leave (nothing), and what happens in between when things go wrong.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type ClusterRecord, clusterFiles } from '../../src/embedded/cluster-files.ts';
import { processesWith, readHostState } from '../support/host-state.ts';
import { eventually } from '../support/poll.ts';
import { run, runOk, runPodnet, startTestCluster } from '../support/test-cluster.ts';

const APP = { nodes: 2, files: ['examples/connect-applications'] };

const recordOf = (name: string): ClusterRecord =>
  JSON.parse(readFileSync(clusterFiles(name).record, 'utf8')) as ClusterRecord;

/** On loopback and on the host's own addresses of the cluster's networks, nowhere else. */
const listensOnlyAtHome = async (name: string): Promise<void> => {
  const { apiPort, hostAddresses } = recordOf(name).config;
  const sockets = await runOk('ss', ['-Hltn', `sport = :${apiPort}`]);
  const listening = [...sockets.matchAll(/(\S+):\d+\s+\S+:\*/g)].map(([, host]) =>
    host!.replace(/^\[(.*)\]$/, '$1'),
  );
  assert.deepEqual(listening.sort(), ['127.0.0.1', '::1', ...hostAddresses].sort());
};

describe('podnet up and down', () => {
  it('down leaves the host as it was before up, with pods running', async () => {
    const before = await readHostState();
    const cluster = await startTestCluster('traces', APP);
    const during = await readHostState();
    assert.ok(during.netns!.length >= before.netns!.length + 2, 'nodes and pods are namespaces');
    await cluster.down();
    assert.deepEqual(await readHostState(), before);
    assert.deepEqual(processesWith('/podnet/clusters/traces/'), []);
    assert.equal(existsSync(clusterFiles('traces').state), false);
  });

  it('down removes everything after kill -9, and up works at once again', async () => {
    const before = await readHostState();
    const pool = '198.18.9.0/28'; // of RFC 2544
    const options = { ...APP, proxy: 'auto', nodePortAddresses: 'all,localhost', loadBalancerPools: [pool] };
    const first = await startTestCluster('killed', options);
    await first.kubectl(['patch', 'svc', 'my-nginx', '-p', '{"spec":{"type":"LoadBalancer"}}']);
    await eventually('the route of a load balancer', async () =>
      (await runOk('ip', ['route'])).includes('198.18.9.1 via '),
    );
    process.kill(recordOf('killed').pid, 'SIGKILL');
    await first.down();
    assert.deepEqual(await readHostState(), before);
    const second = await startTestCluster('killed', APP);
    await second.down();
    assert.deepEqual(await readHostState(), before);
  });

  it('up after kill -9 without a down starts anew', async () => {
    const before = await readHostState();
    const first = await startTestCluster('again', APP);
    const { pid, config } = recordOf('again');
    process.kill(pid, 'SIGKILL');
    await eventually('the process is gone', () => !existsSync(`/proc/${pid}`));
    const second = await startTestCluster('again', APP);
    assert.match(await second.kubectl(['get', 'nodes']), /node-1\s+Ready/);
    assert.deepEqual(recordOf('again').config, config, 'with the addresses it had');
    await second.down();
    await first.down();
    assert.deepEqual(await readHostState(), before);
  });

  it('up of a running cluster keeps it', async () => {
    const cluster = await startTestCluster('twice', { nodes: 1 });
    try {
      const { pid } = recordOf('twice');
      rmSync(cluster.kubeconfig); // as if the first `up` had been killed just before its end
      const { code, stderr } = await runPodnet(['up', '--name', 'twice', '--kubeconfig', cluster.kubeconfig]);
      assert.equal(code, 0);
      assert.match(stderr, /running already/);
      assert.equal(recordOf('twice').pid, pid);
      assert.match(await cluster.kubectl(['get', 'nodes']), /node-1\s+Ready/);
    } finally {
      await cluster.down();
    }
  });

  it('two clusters run side by side and do not see each other', async () => {
    const [a, b] = [await startTestCluster('left', APP), await startTestCluster('right', APP)];
    try {
      const ipOf = async (cluster: typeof a): Promise<string> =>
        cluster.kubectl(['get', 'svc', 'my-nginx', '-o', 'jsonpath={.spec.clusterIP}']);
      const [ipA, ipB] = [await ipOf(a), await ipOf(b)];
      for (const ip of [ipA, ipB])
        assert.equal((await run('curl', ['-sS', '--max-time', '5', `http://${ip}`])).code, 0);
      await a.down();
      assert.equal((await run('curl', ['-sS', '--max-time', '5', `http://${ipB}`])).code, 0);
      assert.match(await b.kubectl(['get', 'pods']), /Running/);
    } finally {
      await Promise.all([a.down(), b.down()]);
    }
  });

  it('status tells what is there, for people and for programs', async () => {
    const cluster = await startTestCluster('status', { nodes: 1, zones: 'a' });
    try {
      const text = await cluster.podnet(['status']);
      assert.equal(text.code, 0);
      assert.match(text.stdout, /everything is ready[\s\S]*node-1\s+Ready/);
      const { stdout } = await cluster.podnet(['status', '-o', 'json']);
      assert.equal(JSON.parse(stdout).ready, true);
      await listensOnlyAtHome('status');
      const zone = '{.items[0].metadata.labels.topology\\.kubernetes\\.io/zone}';
      assert.equal(await cluster.kubectl(['get', 'nodes', '-o', `jsonpath=${zone}`]), 'a');
    } finally {
      await cluster.down();
    }
    const gone = await runPodnet(['status', '--name', 'status']);
    assert.equal(gone.code, 1);
    assert.match(
      gone.stderr,
      /there is no cluster "status": start it with 'sudo \.\/podnet up --name status'/,
    );
  });

  it('refuses what it cannot do with a sentence', async () => {
    for (const command of ['up', 'down', 'status']) {
      const bad = await runPodnet([command, '--name', 'Not_A_Name']);
      assert.equal(bad.code, 1);
      assert.match(bad.stderr, /invalid cluster name "Not_A_Name"/);
    }
    const nodes = await runPodnet(['up', '--nodes', '0']);
    assert.match(nodes.stderr, /--nodes must be between 1 and/);
    const unknown = await runPodnet(['upp']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /unknown command 'upp'[\s\S]*Did you mean up\?/);
    const down = await runPodnet(['down', '--name', 'nobody']);
    assert.equal(down.code, 0);
    assert.match(down.stdout, /cluster "nobody" is not there/);
  });

  it('explains itself', async () => {
    for (const command of [
      'up',
      'down',
      'status',
      'backup',
      'restore',
      'version',
      'kubectl',
      'image',
      'test',
    ]) {
      const { code, stdout } = await runPodnet(['help', command]);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: podnet ${command}`));
    }
    const { stdout } = await runPodnet(['version', '-o', 'json']);
    assert.match(JSON.parse(stdout).kubernetes, /^v1\.\d+\.\d+$/);
    const kubectl = await runPodnet(['kubectl', 'version', '--client', '-o', 'json']);
    assert.match(JSON.parse(kubectl.stdout).clientVersion.gitVersion, /^v1\./);
  });
});
