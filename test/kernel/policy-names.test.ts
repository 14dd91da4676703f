// Policies with names for peers, with real packets: a pod asks the cluster DNS, which asks a server outside, and connects.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { ClusterNetworkPolicySpec } from '../../src/k8s/cluster-network-policy.ts';
import { netnsPath } from '../../src/kernel/netns.ts';
import { ALL, NONE, UPSTREAM, V4, createPolicyLab } from '../support/policy-lab.ts';
import type { PodName, PolicyLab } from '../support/policy-lab.ts';
import { OUTSIDE } from '../support/pod-lab.ts';
import { eventually } from '../support/poll.ts';
import { runOk } from '../support/test-cluster.ts';
import { startUpstreamDns } from '../support/upstream-dns.ts';

/** Addresses that the outside has besides its own. */
const ADDRESSES = Array.from({ length: 150 }, (_, i) => `203.0.113.${i + 50}`);
const RACES = ADDRESSES.slice(100, 140);
const [SHORT, LONG] = [1, 300];

const NAMES = {
  'both.example': { addresses: OUTSIDE, ttlSeconds: LONG },
  'short.example': { addresses: [ADDRESSES[0]!], ttlSeconds: SHORT },
  'also-short.example': { addresses: [ADDRESSES[0]!], ttlSeconds: LONG },
  'many.example': { addresses: ADDRESSES, ttlSeconds: LONG },
  'whole-way.example': {
    aliases: ['www.cdn.test', 'edge.cdn.test'],
    addresses: [ADDRESSES[1]!],
    ttlSeconds: LONG,
  },
  'half-way.example': { aliases: ['other.cdn.test'], ttlSeconds: LONG },
  'other.cdn.test': { addresses: [ADDRESSES[2]!], ttlSeconds: LONG },
  'a.b.wild.example': { addresses: [ADDRESSES[3]!], ttlSeconds: LONG },
  'wild.example': { addresses: [ADDRESSES[4]!], ttlSeconds: LONG },
  'wanted.example': { addresses: [ADDRESSES[5]!], ttlSeconds: LONG },
  ...Object.fromEntries(
    RACES.map((address, i) => [`${i}.race.example`, { addresses: [address], ttlSeconds: LONG }]),
  ),
};

const namedOnly = (...domainNames: readonly string[]): ClusterNetworkPolicySpec => ({
  tier: 'Admin',
  priority: 1,
  subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { app: 'a' } } } },
  egress: [
    { action: 'Accept', to: [{ domainNames }] },
    { action: 'Deny', to: [{ networks: ['0.0.0.0/0', '::/0'] }] },
  ],
});

describe('names for peers', () => {
  let lab: PolicyLab;
  let upstream: { readonly close: () => Promise<void> };
  before(async () => {
    lab = await createPolicyLab('names');
    const outside = 'podnet-test-names-outside';
    await runOk('ip', ['-n', outside, '-batch', '-'], {
      input: ADDRESSES.map((address) => `address add ${address}/32 dev eth0\n`).join(''),
    });
    upstream = await startUpstreamDns({ netns: netnsPath(outside), ...UPSTREAM, names: NAMES });
  });
  beforeEach(() => lab.reset());
  after(async () => {
    await upstream?.close();
    await lab?.close();
  });

  /** What the pod's own question to the cluster DNS gives. */
  const ask = async (pod: PodName, name: string, type = 'A'): Promise<readonly string[]> => {
    const netns = `podnet-names-${pod === 'c' ? 'node-2' : 'node-1'}-${pod}`;
    const server = `@${lab.config.dnsServiceIps[0]}`;
    const args = ['netns', 'exec', netns, 'dig', '+short', '+tries=1', '+time=3', server, name, type];
    return (await runOk('ip', args)).split('\n').filter(Boolean);
  };
  const dial = (pod: PodName, host: string): Promise<string> =>
    lab.pods[pod].dial({ host, port: 8080, timeoutMs: 300 });
  const closed = (pod: PodName, host: string): Promise<unknown> =>
    eventually(`${pod} does not reach ${host}`, async () => (await dial(pod, host)) === 'error ETIMEDOUT');
  /** With the policy in the kernel, which closes all that is not named. */
  const allow = async (...names: readonly string[]): Promise<void> => {
    lab.putClusterPolicy('names', namedOnly(...names));
    await closed('a', ADDRESSES[149]!);
  };

  it('the first connection after the answer is made, and none before it', async () => {
    await allow('both.example');
    assert.equal(await dial('a', OUTSIDE[0]), 'error ETIMEDOUT');
    assert.deepEqual(await ask('a', 'Both.Example'), [OUTSIDE[0]]);
    assert.match(await dial('a', OUTSIDE[0]), /^outside/);
    assert.equal(await dial('a', OUTSIDE[1]), 'error ETIMEDOUT');
    assert.deepEqual(await ask('a', 'both.example', 'AAAA'), [OUTSIDE[1]]);
    assert.match(await dial('a', OUTSIDE[1]), /^outside/);
  });

  it('so it is every time', async () => {
    await allow('*.race.example');
    for (const [index, host] of RACES.entries()) {
      await ask('a', `${index}.race.example`);
      assert.match(await dial('a', host), /^outside/, `time ${index}`);
    }
  });

  it('ends for new connections with the time of the answer; old ones stay', async () => {
    await lab.outside.serveLines('lines', 8100);
    await allow('short.example');
    await ask('a', 'short.example');
    const say = await lab.pods.a.connect({ host: ADDRESSES[0]!, port: 8100 });
    assert.equal(await say('before'), 'lines before');
    await closed('a', ADDRESSES[0]!);
    assert.equal(await say('after'), 'lines after');
    lab.putPod('a', { labels: { app: 'a', new: 'label' } });
    lab.putClusterPolicy('another', { ...namedOnly('x.example'), priority: 2 });
    await lab.expect({ 'a > b:8080': NONE });
    assert.equal(await say('changed'), 'lines changed');
  });

  it('an address that has another name too stays as long as that one', async () => {
    await allow('short.example', 'also-short.example');
    await ask('a', 'also-short.example');
    await ask('a', 'short.example');
    const untilMs = Date.now() + (SHORT + 4) * 1000;
    while (Date.now() < untilMs) assert.match(await dial('a', ADDRESSES[0]!), /^outside/);
  });

  it('has all addresses of an answer that is longer than its packet', async () => {
    await allow('many.example');
    await ask('a', 'many.example');
    const answers = await Promise.all(ADDRESSES.map((host) => dial('a', host)));
    assert.equal(answers.filter((answer) => answer.startsWith('outside')).length, 150);
  });

  it('follows aliases within one answer, and not from one to the next', async () => {
    await allow('whole-way.example', 'half-way.example');
    await ask('a', 'whole-way.example');
    assert.match(await dial('a', ADDRESSES[1]!), /^outside/);
    await ask('a', 'half-way.example');
    await ask('a', 'other.cdn.test');
    assert.equal(await dial('a', ADDRESSES[2]!), 'error ETIMEDOUT');
  });

  it('a wildcard is every name below, and not the name itself', async () => {
    await allow('*.wild.example');
    await ask('a', 'a.b.wild.example');
    assert.match(await dial('a', ADDRESSES[3]!), /^outside/);
    await ask('a', 'wild.example');
    assert.equal(await dial('a', ADDRESSES[4]!), 'error ETIMEDOUT');
  });

  it('answers of a node are for its own pods', async () => {
    lab.putPod('c', { labels: { app: 'a' } });
    await allow('wanted.example');
    await closed('c', ADDRESSES[149]!);
    await ask('a', 'wanted.example');
    assert.match(await dial('a', ADDRESSES[5]!), /^outside/);
    assert.equal(await dial('c', ADDRESSES[5]!), 'error ETIMEDOUT');
    await ask('c', 'wanted.example');
    assert.match(await dial('c', ADDRESSES[5]!), /^outside/);
  });

  it('a headless Service is the pods behind it', async () => {
    const metadata = { namespace: 'x', name: 'db' };
    lab.order({ put: 'services', object: { metadata, spec: { clusterIP: 'None' } } as never });
    lab.order({
      put: 'endpointSlices',
      object: {
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'db' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [lab.ips('c')[0]], conditions: { ready: true } }],
        ports: [],
      } as never,
    });
    const name = 'db.x.svc.cluster.local';
    await eventually('DNS knows the Service', async () => (await ask('a', name)).length > 0);
    await allow(name);
    assert.equal(await lab.reach('a', lab.ips('c'), 8080), NONE);
    await ask('a', name);
    assert.equal(await lab.reach('a', lab.ips('c'), 8080), V4);
  });

  it('what was learned outlives an agent that is killed', async () => {
    await allow('wanted.example');
    await ask('a', 'wanted.example');
    await eventually('it is kept', () =>
      readFileSync(lab.namesFile('node-1'), 'utf8').includes(ADDRESSES[5]!),
    );
    await lab.killAgent('node-1');
    assert.match(await dial('a', ADDRESSES[5]!), /^outside/);
    await lab.startAgent('node-1');
    assert.match(await dial('a', ADDRESSES[5]!), /^outside/);
  });

  it('what others have taken away is put back with the time that is left', async () => {
    await allow('wanted.example');
    await ask('a', 'wanted.example');
    lab.nft('node-1').run('delete table inet podnet-policies');
    await eventually('the address is there again', async () => {
      const [resolved] = lab.nft('node-1').query('list map inet podnet-policies resolved4');
      assert.match(JSON.stringify(resolved), new RegExp(`"val":"${ADDRESSES[5]!}","timeout":\\d+`));
      return true;
    });
    assert.match(await dial('a', ADDRESSES[5]!), /^outside/);
    await closed('a', ADDRESSES[149]!);
  });

  it('pods without the policy are free', async () => {
    await allow('wanted.example');
    await lab.expect({ 'b > outside:8080': ALL });
  });
});
