// The cluster DNS in a node's namespace: at its addresses, of both families, and leaving nothing behind.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createNetns, deleteNetns } from '../../src/kernel/netns.ts';
import { type DnsAgent, startDnsAgent } from '../support/dns-agent.ts';
import { runOk } from '../support/test-cluster.ts';

const NETNS = 'podnet-test-dns';
const ADDRESSES = ['10.96.0.10', 'fd00:10:96::a'];

describe('startDns() in a namespace', () => {
  let agent: DnsAgent | undefined;
  before(async () => {
    const path = createNetns(NETNS);
    await runOk('ip', ['-n', NETNS, 'link', 'set', 'lo', 'up']);
    agent = await startDnsAgent(path, ADDRESSES);
  });
  after(async () => {
    await agent?.stop();
    deleteNetns(NETNS);
  });

  const dig = (...args: string[]): Promise<string> =>
    runOk('ip', ['netns', 'exec', NETNS, 'dig', '+short', '+tries=1', '+time=3', ...args]);
  const addresses = async (): Promise<string[]> =>
    [
      ...(await runOk('ip', ['-n', NETNS, '-o', 'address', 'show', 'dev', 'lo'])).matchAll(/inet6? (\S+)/g),
    ].map(([, address]) => address!);

  it('answers at its addresses by UDP and TCP', async () => {
    for (const address of ADDRESSES) {
      for (const transport of ['+notcp', '+tcp']) {
        const answer = await dig(`@${address}`, transport, 'web.default.svc.cluster.local');
        assert.equal(answer, '10.96.0.7\n', `${address} ${transport}`);
      }
    }
  });

  it('has them on lo while it runs, and only then', async () => {
    assert.deepEqual(await addresses(), ['127.0.0.1/8', '10.96.0.10/32', 'fd00:10:96::a/128', '::1/128']);
    await agent!.stop();
    agent = undefined;
    assert.deepEqual(await addresses(), ['127.0.0.1/8', '::1/128']);
  });
});
