// Real containers from the real images: what a pod's containers share, what they do not, how they start and end.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { IMAGE_FOLDER } from '../../src/embedded/cluster-files.ts';
import { isTreeInUse } from '../../src/images/in-use.ts';
import { openImageStore } from '../../src/images/store.ts';
import type { ContainerStatus, PodRuntime } from '../../src/runtime/runtime.ts';
import { eventually } from '../support/poll.ts';
import { type TestRuntime, NO_NETWORK, containerConfig, startTestRuntime } from '../support/test-runtime.ts';

describe('process runtime', () => {
  let test: TestRuntime;
  let runtime: PodRuntime;
  before(async () => {
    test = await startTestRuntime('containers');
    runtime = test.runtime;
  });
  after(() => test?.remove());

  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
  const exec = async (id: string, script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await runtime.execSync(id, ['sh', '-c', script], 5000);
    assert.equal(exitCode, 0, text(stderr));
    return text(stdout).trim();
  };

  const ended = (id: string): Promise<ContainerStatus> =>
    eventually('the end of the container', async () => {
      const status = await runtime.containerStatus(id);
      return status?.state === 'exited' ? status : undefined;
    });

  it('containers of a sandbox share localhost and have mounts and pids of their own', async () => {
    const sandbox = await test.sandbox();
    const listen = 'echo hello > /tmp/page; exec socat TCP-LISTEN:8080,fork,reuseaddr SYSTEM:"cat /tmp/page"';
    const server = await test.run(sandbox, { name: 'server', command: ['sh', '-c', listen] });
    const client = await test.run(sandbox, { name: 'client', command: ['sleep', 'infinity'] });
    await eventually('the page', async () => (await exec(client, 'nc 127.0.0.1 8080')) === 'hello');
    assert.equal(await exec(client, 'ls /tmp'), '');
    assert.equal(await exec(server, 'ls /tmp'), 'page');
    assert.equal(await exec(client, 'cat /proc/1/comm'), 'sleep');
    for (const [kind, isShared] of [
      ['net', true],
      ['pid', false],
      ['mnt', false],
      ['ipc', true],
      ['uts', false],
    ] as const) {
      const [a, b] = [
        await exec(client, `readlink /proc/self/ns/${kind}`),
        await exec(server, `readlink /proc/self/ns/${kind}`),
      ];
      assert.equal(a === b, isShared, `${kind} namespaces ${a} and ${b}`);
    }
    await exec(server, 'echo shared > /dev/shm/note');
    assert.equal(await exec(client, 'cat /dev/shm/note; stat -c %a /dev/shm'), 'shared\n1777');
    assert.match(await exec(client, 'df -k /dev/shm'), /\b65536\b/);
    await runtime.removePodSandbox(sandbox);
    assert.doesNotMatch(readFileSync('/proc/self/mounts', 'utf8'), new RegExp(test.folder));
    assert.deepEqual(await runtime.listContainers(sandbox), []);
    assert.equal(await runtime.podSandboxStatus(sandbox), undefined);
  });

  it('sysctls of a pod are for all its containers, and for nobody else', async () => {
    const read = 'cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_unprivileged_port_start';
    const sysctls = { 'kernel.shm_rmid_forced': '1', 'net.ipv4.ip_unprivileged_port_start': '80' };
    const sandbox = await test.sandbox({ sysctls });
    for (const name of ['one', 'two']) {
      const id = await test.run(sandbox, { name, command: ['sleep', 'infinity'] });
      assert.equal(await exec(id, read), '1\n80');
    }
    assert.equal(readFileSync('/proc/sys/kernel/shm_rmid_forced', 'utf8'), '0\n');
    await runtime.removePodSandbox(sandbox);
  });

  it('a sysctl of the node is refused, and nothing is left of the pod', async () => {
    const before = await runtime.listPodSandbox();
    const value = readFileSync('/proc/sys/vm/swappiness', 'utf8').trim();
    await assert.rejects(test.sandbox({ sysctls: { 'vm.swappiness': value } }), {
      code: 'CREATE_FAILED',
      message: /vm\.swappiness belongs to no namespace of the pod/,
    });
    assert.deepEqual(await runtime.listPodSandbox(), before);
  });

  it('containers of a sandbox with sharedPid see each other, and what one leaves ends with it', async () => {
    const sandbox = await test.sandbox({ sharedPid: true });
    const sleeper = await test.run(sandbox, { name: 'sleeper', command: ['sleep', '1234'] });
    const leaver = await test.run(sandbox, { name: 'leaver', command: ['sh', '-c', 'sleep 4321 & sleep 1'] });
    await eventually('both', async () => {
      const list = await exec(sleeper, 'ps -o args');
      return list.includes('sleep 4321') && list.includes('sleep 1234');
    });
    assert.equal(await exec(sleeper, 'cat /proc/1/comm'), 'sh');
    assert.deepEqual((await runtime.listContainers(sandbox)).map(({ name }) => name).sort(), [
      'leaver',
      'sleeper',
    ]);
    await ended(leaver);
    assert.doesNotMatch(await exec(sleeper, 'ps -o args'), /4321/);
    assert.equal((await runtime.podSandboxStatus(sandbox))?.state, 'ready');
    await runtime.removePodSandbox(sandbox);
    assert.equal(await runtime.podSandboxStatus(sandbox), undefined);
  });

  it('a container that ends tells its exit code, and its output is in the log', async () => {
    const uid = 'uid-log';
    const sandbox = await test.sandbox({ logDirectory: join(test.folder, uid) });
    const script = 'echo out; echo err >&2; echo file > /dev/stdout; printf rest; exit 3';
    const id = await test.run(sandbox, { command: ['sh', '-c'], args: [script] });
    const { exitCode, reason } = await ended(id);
    assert.deepEqual([exitCode, reason], [3, 'Error']);
    const lines = readFileSync(join(test.folder, uid, 'c/0.log'), 'utf8')
      .trimEnd()
      .split('\n');
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /;
    assert.ok(
      lines.every((line) => time.test(line)),
      lines[0],
    );
    assert.deepEqual(lines.map((line) => line.replace(time, '')).sort(), [
      'stderr F err',
      'stdout F file',
      'stdout F out',
      'stdout F rest',
    ]);
  });

  it('stopContainer() sends TERM, and KILL after the grace period', async () => {
    const sandbox = await test.sandbox();
    const polite = await test.run(sandbox, {
      name: 'polite',
      command: ['sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.05; done'],
    });
    const stubborn = await test.run(sandbox, { name: 'stubborn', command: ['sleep', 'infinity'] });
    const start = performance.now();
    await Promise.all([runtime.stopContainer(polite, 30), runtime.stopContainer(stubborn, 1)]);
    assert.ok(performance.now() - start > 950, 'the grace period of the stubborn one');
    assert.equal((await runtime.containerStatus(polite))?.exitCode, 7);
    assert.equal((await runtime.containerStatus(stubborn))?.exitCode, 137);
    await runtime.stopContainer(stubborn, 1); // idempotent
  });

  it('the end of a container does not wait for the disk: its root file system is never synced', async () => {
    const sandbox = await test.sandbox();
    const id = await test.run(sandbox, { command: ['sleep', 'infinity'] });
    assert.match(await exec(id, 'grep "^overlay / " /proc/mounts'), /\bvolatile\b/);
    await runtime.removePodSandbox(sandbox);
  });

  it('an image with a stop signal of its own gets that one', async () => {
    const sandbox = await test.sandbox({ logDirectory: join(test.folder, 'uid-nginx') });
    const id = await test.run(sandbox, { imageId: 'nginx' });
    const welcome = async (): Promise<boolean> =>
      (await exec(id, 'curl -sS http://127.0.0.1')).includes('Welcome to nginx!');
    await eventually('nginx', welcome);
    await runtime.stopContainer(id, 30);
    const { exitCode, reason } = await ended(id);
    assert.deepEqual([exitCode, reason], [0, 'Completed']);
    const log = readFileSync(join(test.folder, 'uid-nginx/c/0.log'), 'utf8');
    assert.match(log, /stderr F .*signal 3 \(SIGQUIT\)/);
    assert.match(log, /stdout F 127\.0\.0\.1 .*"GET \/ HTTP\/1\.1" 200/);
  });

  it('a command that is not there fails the start and says so', async () => {
    const sandbox = await test.sandbox();
    const missing = test.run(sandbox, { command: ['/no/such/program'] });
    await assert.rejects(missing, {
      code: 'START_FAILED',
      message: /\/no\/such\/program.*No such file or directory/,
    });
    const [status] = await runtime.listContainers(sandbox);
    assert.deepEqual([status?.state, status?.exitCode, status?.reason], ['exited', 128, 'StartError']);
    await runtime.removeContainer(status!.id);
  });

  it('an image that is not there, or no image name', async () => {
    assert.equal(await runtime.imageStatus('example.org/nothing:1'), undefined);
    await assert.rejects(runtime.pullImage('example.org/nothing:1'), {
      code: 'IMAGE_NOT_FOUND',
      message: /example\.org\/nothing:1.*podnet image load/,
    });
    await assert.rejects(runtime.imageStatus('Not An Image'), { code: 'INVALID_IMAGE_NAME' });
    assert.match((await runtime.imageStatus('nginx'))!.id, /^sha256:/);
  });

  it('process: user, groups, variables, folder, hostname, name servers, mounts, capabilities', async () => {
    const sandbox = await test.sandbox({ hostname: 'web-1' });
    const host = join(test.folder, 'volume');
    mkdirSync(host);
    writeFileSync(join(host, 'key'), 'value');
    const id = await test.run(sandbox, {
      command: ['sleep', 'infinity'],
      workingDir: '/tmp',
      env: [{ name: 'A', value: 'b c' }],
      mounts: [{ hostPath: host, containerPath: '/etc/secret/deep', readonly: true }],
      security: {
        ...containerConfig().security,
        runAsUser: 1000,
        runAsGroup: 2000,
        supplementalGroups: [3000],
      },
    });
    assert.equal(await exec(id, 'id -u; id -g; id -G'), '1000\n2000\n2000 3000');
    assert.equal(await exec(id, 'echo "$A"; pwd; hostname; cat /etc/hostname'), 'b c\n/tmp\nweb-1\nweb-1');
    assert.match(
      await exec(id, 'cat /etc/resolv.conf'),
      /^search default.svc.cluster.local\nnameserver 10.96.0.10\noptions ndots:5$/,
    );
    assert.equal(
      await exec(id, 'cat /etc/secret/deep/key; echo; touch /etc/secret/deep/x 2>/dev/null || echo refused'),
      'value\nrefused',
    );
    assert.match(await exec(id, 'grep CapBnd /proc/self/status'), /00000000a80425fb$/); // Docker's default set
    assert.equal(await exec(id, 'echo 1 > /proc/sys/kernel/panic 2>/dev/null || echo refused'), 'refused');
  });

  it('a container over its memory limit is OOMKilled', async (t) => {
    if (!existsSync('/sys/fs/cgroup/memory') && !existsSync('/sys/fs/cgroup/cgroup.controllers'))
      return t.skip('no memory cgroups on this machine');
    const sandbox = await test.sandbox();
    const id = await test.run(sandbox, {
      command: ['sh', '-c', 'x=x; while :; do x=$x$x; done'],
      resources: { memoryBytes: 16 << 20 },
    });
    const { exitCode, reason } = await ended(id);
    assert.deepEqual([exitCode, reason], [137, 'OOMKilled']);
    const fine = await test.run(sandbox, {
      name: 'fine',
      command: ['sh', '-c', 'exit 1'],
      resources: { memoryBytes: 16 << 20 },
    });
    assert.equal((await ended(fine)).reason, 'Error');
  });

  it("hostNetwork: the node's namespace, and the node's name as host name", async () => {
    const sandbox = await test.sandbox({ hostNetwork: true, hostname: '' });
    const id = await test.run(sandbox, { command: ['sleep', 'infinity'] });
    assert.equal(await exec(id, 'readlink /proc/self/ns/net'), readlinkSync('/proc/thread-self/ns/net'));
    assert.equal(await exec(id, 'hostname'), 'node-1');
    assert.deepEqual((await runtime.podSandboxStatus(sandbox))?.ips, []);
  });

  it("an image's tree is in use while a container runs from it, and no mount of the machine shows it", async () => {
    const store = openImageStore(IMAGE_FOLDER);
    const tree = await store.rootfs(store.find('podnet/toolbox')!);
    const sandbox = await test.sandbox();
    await test.run(sandbox, { command: ['sleep', 'infinity'] });
    assert.equal(isTreeInUse(tree), true);
    assert.equal(isTreeInUse(`${tree}0`), false);
    const mounts = readFileSync('/proc/thread-self/mounts', 'utf8');
    assert.ok(![tree, join(test.folder, 'state')].some((path) => mounts.includes(path)), mounts);
  });

  it('a sandbox that cannot get a network leaves nothing', async () => {
    const before = (await runtime.listPodSandbox()).length;
    const pod = { namespace: 'default', name: NO_NETWORK, uid: 'none', attempt: 0 };
    await assert.rejects(test.sandbox({ pod }), {
      code: 'NETWORK_FAILED',
      message: /no address is left/,
    });
    assert.equal((await runtime.listPodSandbox()).length, before);
  });
});
