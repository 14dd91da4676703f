import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig } from '../runtime.ts';
import { type BundleOptions, bundleSpec, commandLine } from './bundle.ts';
import { capabilitiesOf } from './capabilities.ts';
import { resolveUser } from './user.ts';

const security: ContainerConfig['security'] = {
  privileged: false,
  runAsUser: undefined,
  runAsGroup: undefined,
  supplementalGroups: [],
  readonlyRootFilesystem: false,
  addCapabilities: [],
  dropCapabilities: [],
  noNewPrivileges: false,
};

const config: ContainerConfig = {
  name: 'c',
  attempt: 0,
  imageId: 'sha256:1',
  command: [],
  args: [],
  workingDir: undefined,
  env: [],
  mounts: [],
  logPath: 'c/0.log',
  stdin: false,
  stdinOnce: false,
  tty: false,
  security,
  resources: {},
};

const options: BundleOptions = {
  config,
  image: { entrypoint: ['/run'], cmd: ['default'], env: ['PATH=/bin', 'A=image'], workingDir: '/srv' },
  user: { uid: 0, gid: 0, additionalGids: [] },
  hostname: 'web',
  rootfs: '/rootfs',
  netnsPath: '/run/netns/pod',
  podMounts: [],
  pidNamespace: undefined,
  ipc: { namespace: '/run/p/ipc', shm: '/run/p/shm' },
  cgroupsPath: '/podnet/a',
  memoryBytes: undefined,
  leastOomScoreAdj: -1000,
};

describe('bundleSpec()', () => {
  it('commandLine() combines command and args with the image as Kubernetes does', () => {
    const image = { entrypoint: ['e'], cmd: ['c'] };
    assert.deepEqual(commandLine({ command: [], args: [] }, image), ['e', 'c']);
    assert.deepEqual(commandLine({ command: [], args: ['a'] }, image), ['e', 'a']);
    assert.deepEqual(commandLine({ command: ['x'], args: [] }, image), ['x']);
    assert.deepEqual(commandLine({ command: ['x'], args: ['a'] }, image), ['x', 'a']);
  });

  it("gives a name one value, the pod's before the image's", () => {
    const env = [
      { name: 'A', value: 'pod' },
      { name: 'B', value: 'x=y' },
    ];
    const spec = bundleSpec({ ...options, config: { ...config, env } });
    assert.deepEqual(spec.process.env, ['PATH=/bin', 'HOSTNAME=web', 'A=pod', 'B=x=y']);
    assert.equal(spec.process.cwd, '/srv');
  });

  it('gives no oom_score_adj that the agent may not give, and none that was not asked for', () => {
    const given = (oomScoreAdj: number | undefined, leastOomScoreAdj: number): number | undefined =>
      bundleSpec({
        ...options,
        leastOomScoreAdj,
        config: { ...config, resources: oomScoreAdj === undefined ? {} : { oomScoreAdj } },
      }).process.oomScoreAdj;
    assert.deepEqual([given(-997, -1000), given(-997, 0), given(300, 0)], [-997, 0, 300]);
    assert.equal(given(undefined, 0), undefined);
  });

  it('mounts outer folders before what is mounted inside of them', () => {
    const mount = (containerPath: string) => ({ hostPath: '/h', containerPath, readonly: true });
    const mounts = ['/a/b/c', '/a', '/a/b'].map(mount);
    const spec = bundleSpec({ ...options, config: { ...config, mounts } });
    assert.deepEqual(
      spec.mounts.filter(({ source }) => source === '/h').map(({ destination }) => destination),
      ['/a', '/a/b', '/a/b/c'],
    );
  });

  it('leaves cgroups and the network namespace out where there are none', () => {
    const { linux } = bundleSpec({ ...options, netnsPath: undefined, cgroupsPath: undefined });
    assert.equal('cgroupsPath' in linux, false);
    assert.doesNotMatch(JSON.stringify(linux['namespaces']), /network/);
  });

  it('gives no quota below the least that the kernel takes', () => {
    const { linux } = bundleSpec({
      ...options,
      cgroupsPath: '/c',
      config: { ...config, resources: { cpuMillis: 1 } },
    });
    assert.deepEqual((linux['resources'] as { cpu: object }).cpu, { quota: 1000, period: 100_000 });
  });

  it('turns limits into quota and shares', () => {
    const resources = { cpuMillis: 250, cpuShares: 256 };
    const { linux } = bundleSpec({ ...options, config: { ...config, resources }, memoryBytes: 1 << 20 });
    assert.deepEqual(linux['resources'], {
      devices: [{ allow: false, access: 'rwm' }],
      cpu: { quota: 25_000, period: 100_000, shares: 256 },
      memory: { limit: 1 << 20, swap: 1 << 20 },
    });
  });
});

describe('capabilitiesOf()', () => {
  it('drops, adds, understands ALL and missing prefixes', () => {
    const of = (drop: string[], add: string[]): readonly string[] =>
      capabilitiesOf({ privileged: false, dropCapabilities: drop, addCapabilities: add });
    assert.equal(of([], []).length, 14);
    assert.deepEqual(of(['ALL'], ['NET_ADMIN', 'cap_net_raw']), ['CAP_NET_ADMIN', 'CAP_NET_RAW']);
    assert.equal(of(['MKNOD'], []).includes('CAP_MKNOD'), false);
    assert.ok(of([], ['ALL']).includes('CAP_SYS_ADMIN'));
  });
});

describe('resolveUser()', () => {
  const files = {
    passwd: 'root:x:0:0:root:/root:/bin/sh\nweb:x:101:102::/:/bin/sh\n',
    group: 'root:x:0:\nweb:x:102:\nlogs:x:200:web,other\n',
  };
  const none = { runAsUser: undefined, runAsGroup: undefined, supplementalGroups: [] };

  it('finds names and numbers, groups and memberships', () => {
    assert.deepEqual(resolveUser('', none, files), { uid: 0, gid: 0, additionalGids: [] });
    assert.deepEqual(resolveUser('web', none, files), { uid: 101, gid: 102, additionalGids: [200] });
    assert.deepEqual(resolveUser('101:logs', none, files), { uid: 101, gid: 200, additionalGids: [200] });
    assert.deepEqual(resolveUser('5000', none, files), { uid: 5000, gid: 0, additionalGids: [] });
  });

  it("the pod's user and groups come first", () => {
    const wish = { runAsUser: 101, runAsGroup: 7, supplementalGroups: [8, 200] };
    assert.deepEqual(resolveUser('root:logs', wish, files), { uid: 101, gid: 7, additionalGids: [200, 8] });
  });

  it('refuses a name that the image does not have', () => {
    assert.throws(() => resolveUser('nobody', none, files), /unable to find user nobody/);
    assert.throws(() => resolveUser('web:none', none, files), /unable to find group none/);
  });
});
