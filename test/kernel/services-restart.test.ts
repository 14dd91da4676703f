import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createNetns, deleteNetns, netnsPath, withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import type { Nft } from '../../src/kernel/nft.ts';
import { eventually } from '../support/poll.ts';
import { startProxyAgent } from '../support/proxy-agent.ts';
import type { ProxyAgent, ProxySetup } from '../support/proxy-agent.ts';
import { runOk } from '../support/test-cluster.ts';
import { service, slice } from '../support/service-objects.ts';

const NETNS = `podnet-test-svc-restart-${process.pid}`;
const addresses = (count: number): string[] => Array.from({ length: count }, (_, i) => `10.244.0.${i + 2}`);
const ports = [{ port: 80, protocol: 'TCP', nodePort: 30_080 }];

const setup = (pods: number): ProxySetup => ({
  netns: netnsPath(NETNS),
  nodeName: 'node-1',
  zone: undefined,
  nodeAddresses: ['172.31.0.11', 'fd00:31::11'],
  podCidrs: ['10.244.0.0/16', 'fd00:244::/48'],
  serviceCidrs: ['10.96.0.0/16', 'fd00:96::/112'],
  services: [
    service('web', 10, { ports, type: 'NodePort', externalTrafficPolicy: 'Local' }),
    service('sticky', 11, { sessionAffinity: 'ClientIP' }),
    service('empty', 12),
    service('signals', 14, { ports: [{ port: 3868, protocol: 'SCTP' }] }),
  ],
  slices: [
    slice('web', addresses(pods)),
    slice('sticky', addresses(pods)),
    slice('sticky', ['fd00:244::2'], { family: 6 }),
    slice('signals', addresses(pods), { ports: [{ port: 3868, protocol: 'SCTP' }] }),
  ],
});

describe('a service proxy that comes back', () => {
  let nft: Nft;
  let running: ProxyAgent | undefined;
  before(() => {
    nft = withNetns(createNetns(NETNS), openNft);
  });
  after(async () => {
    await running?.close();
    nft.close();
    deleteNetns(NETNS);
  });
  const restart = async (pods: number): Promise<void> => {
    await running?.close();
    running = await startProxyAgent(setup(pods));
  };
  const list = async (family: 'ip' | 'ip6' = 'ip'): Promise<string> =>
    runOk('ip', ['netns', 'exec', NETNS, 'nft', 'list', 'table', family, 'podnet-services']);
  /** What becomes of connections, by address and port, sorted. */
  const verdicts = async (): Promise<string[]> => {
    const text = await list();
    const shapes = new Map(
      [...text.matchAll(/(0x[\da-f]{8}) : (?:goto )?([a-z][\w-]+)/g)].map((m) => [m[1], m[2]]),
    );
    const entries = [...text.matchAll(/(?:tcp|sctp) \. (\S+) \. (\d+) : (0x[\da-f]{8})/g)];
    return entries.map((m) => `${m[1]} ${m[2]} ${shapes.get(m[3])}`).sort();
  };
  /** The ids that the kernel has, by the endpoint that each stands for. */
  const ids = async (): Promise<string[]> =>
    [...(await list()).matchAll(/(0x[\da-f]{8}) : (\S+ \. \d+)/g)].map((m) => `${m[2]} ${m[1]}`).sort();

  it('leaves the elements of an unchanged world as they are', async () => {
    await restart(3);
    const before = await Promise.all([list(), list('ip6')]);
    const known = await ids();
    assert.ok(known.length > 0);
    // the kernel would give a new element a place of its own; an id would be new in any case
    await restart(3);
    assert.deepEqual(await Promise.all([list(), list('ip6')]), before);
    assert.deepEqual(await ids(), known);
  });

  it('writes only what changed while it was away', async () => {
    const known = await ids();
    await restart(2);
    const left = await ids();
    assert.ok(left.length < known.length);
    assert.ok(left.every((id) => known.includes(id)));
  });

  it('takes away Services that are gone since', async () => {
    nft.run('add element ip podnet-services services { tcp . 10.96.0.99 . 80 : 32768 }');
    await restart(2);
    assert.deepEqual(await verdicts(), [
      '10.96.0.10 80 pick-2',
      '10.96.0.11 80 sticky-2-10800',
      '10.96.0.12 80 rejected',
      '10.96.0.14 3868 pick-2',
      '172.31.0.11 30080 outside-pick-2',
      '172.31.0.11 30080 pick-2',
    ]);
  });

  it('begins anew where the tables are of another make or not whole', async () => {
    const wanted = await verdicts();
    nft.run('flush map ip podnet-services slots');
    await restart(2);
    assert.deepEqual(await verdicts(), wanted);
    nft.run(
      'delete table ip podnet-services; add table ip podnet-services; add set ip podnet-services services { type ipv4_addr; }',
    );
    await restart(2);
    assert.deepEqual(await verdicts(), wanted);
  });

  it('makes everything again when someone else flushed the rules', async () => {
    const wanted = await verdicts();
    nft.run('flush ruleset');
    running!.order({ put: 'service', object: service('more', 13) });
    await eventually('all is back', async () => (await verdicts()).length === wanted.length + 1);
  });
});
