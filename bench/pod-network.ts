// What does it cost to give a pod its network, and to take it away? Next to the reference plugin `ptp` with `host-local`
// (Debian: containernetworking-plugins), called as a runtime calls it. ptp does IPv4 only, without masquerade; podnet
// does both families. Turn by turn in the same node, a network namespace.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetns, deleteNetns, enterNetns } from '../src/kernel/netns.ts';
import { openNft } from '../src/kernel/nft.ts';
import { systemClock as clock } from '../src/lang/clock.ts';
import { silentLog as log } from '../src/lang/log.ts';
import { createPodNetwork } from '../src/podnetwork/pod-network.ts';
import { percentile, report } from './report.ts';

const ROUNDS = 100;
const WARM_UP = 5;
const TOGETHER = 100;
const PLUGINS = '/usr/lib/cni';
const NODE = 'podnet-test-bench-node';

const folder = mkdtempSync(join(tmpdir(), 'podnet-bench-'));
const samples = new Map<string, number[]>();

const time = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
  const start = performance.now();
  const result = await work();
  samples.set(name, [...(samples.get(name) ?? []), performance.now() - start]);
  return result;
};

const conf = JSON.stringify({
  cniVersion: '1.0.0',
  name: 'bench',
  type: 'ptp',
  ipam: { type: 'host-local', dataDir: join(folder, 'ptp'), ranges: [[{ subnet: '10.201.0.0/16' }]] },
});

const ptp = (command: 'ADD' | 'DEL', id: string, netns: string): void => {
  const env = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: id,
    CNI_NETNS: netns,
    CNI_IFNAME: 'eth0',
    CNI_PATH: PLUGINS,
  };
  const { status, stdout } = spawnSync(join(PLUGINS, 'ptp'), { input: conf, env });
  if (status !== 0) throw new Error(`ptp ${command}: ${stdout}`);
};

const withPod = async (name: string, work: (netns: string) => Promise<void>): Promise<void> => {
  const netns = await time('namespace', () => createNetns(name));
  try {
    await work(netns);
  } finally {
    deleteNetns(name);
  }
};

/** As when a Deployment of many pods is deleted. */
const detachTogether = async (): Promise<void> => {
  const ids = Array.from({ length: TOGETHER }, (_, index) => `together-${index}`);
  const start = performance.now();
  for (const id of ids) {
    const netns = createNetns(`${NODE}-${id}`);
    await network.attach(id, { namespace: 'default', name: id, uid: id, attempt: 0 }, netns);
  }
  const attached = performance.now();
  await Promise.all(ids.map((id) => network.detach(id, '')));
  samples.set('detach together', [performance.now() - attached]);
  samples.set('attach together', [attached - start]);
  for (const id of ids) deleteNetns(`${NODE}-${id}`);
};

deleteNetns(NODE);
enterNetns(createNetns(NODE));
const network = createPodNetwork({
  clusterName: 'bench',
  nodeName: 'node-1',
  podCidrs: ['10.200.0.0/16', 'fd00:10:200::/64'],
  stateFolder: join(folder, 'podnet'),
  mtuBytes: 1500,
  serviceAddresses: [],
  nft: openNft(),
  clock,
  log,
});
const hasPtp = existsSync(join(PLUGINS, 'ptp'));
try {
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    if (round === WARM_UP) samples.clear();
    const pod = { namespace: 'default', name: `pod-${round}`, uid: `${round}`, attempt: 0 };
    await withPod(`${NODE}-a`, async (netns) => {
      await time('attach', () => network.attach(`id-${round}`, pod, netns));
      await time('detach', () => network.detach(`id-${round}`, netns));
    });
    if (!hasPtp) continue;
    await withPod(`${NODE}-b`, async (netns) => {
      await time('ADD', () => ptp('ADD', `id-${round}`, netns));
      await time('DEL', () => ptp('DEL', `id-${round}`, netns));
    });
  }
  await detachTogether();
} finally {
  network.close();
  deleteNetns(NODE);
  rmSync(folder, { recursive: true });
}

const row = (title: string, name: string): string[] => [
  title,
  ...[0.5, 0.99].map((p) => `${percentile(samples.get(name)!, p).toFixed(2)} ms`),
];
report(
  `a pod's network, ${ROUNDS} rounds`,
  ['WHAT', 'P50', 'P99'],
  [
    row('network namespace', 'namespace'),
    row('podnet attach (veth, addresses, routes, IPv4 and IPv6)', 'attach'),
    row('podnet detach', 'detach'),
    row(`podnet: ${TOGETHER} namespaces with attach, in all`, 'attach together'),
    row(`podnet: ${TOGETHER} detached together, in all`, 'detach together'),
    ...(hasPtp ? [row('ptp ADD (IPv4)', 'ADD'), row('ptp DEL', 'DEL')] : []),
  ],
);
if (!hasPtp) process.stdout.write(`no ${PLUGINS}/ptp: install containernetworking-plugins to compare\n`);
