// Connections that policies allowed when they began: ended, or kept until they end, when policies deny them.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NetworkPolicySpec } from '../../src/k8s/generated/types.ts';
import { createPolicyLab } from '../support/policy-lab.ts';
import type { PolicyLab, PodName } from '../support/policy-lab.ts';
import { eventually } from '../support/poll.ts';

const onlyTo = (...apps: readonly string[]): NetworkPolicySpec => ({
  podSelector: { matchLabels: { app: 'a' } },
  policyTypes: ['Egress'],
  egress: [{ to: apps.map((app) => ({ namespaceSelector: {}, podSelector: { matchLabels: { app } } })) }],
});

const onlyFrom = (...apps: readonly string[]): NetworkPolicySpec => ({
  podSelector: { matchLabels: { app: 'a' } },
  ingress: [{ from: apps.map((app) => ({ namespaceSelector: {}, podSelector: { matchLabels: { app } } })) }],
});

for (const mode of ['cut', 'keep'] as const)
  describe(`live connections, ${mode}`, () => {
    let lab: PolicyLab;
    before(async () => {
      lab = await createPolicyLab(`live-${mode}`, mode);
      for (const pod of Object.values(lab.pods)) await pod.serveLines('lines', 7000);
    });
    after(() => lab?.close());

    const agent = (name: PodName) => lab.pods[name];
    type Talk = (word: string) => Promise<string>;
    /** One connection, or one flow of datagrams, that says words and hears them. */
    const talks = async (from: PodName, to: PodName): Promise<Readonly<Record<string, Talk>>> => {
      const [v4, v6] = lab.pods[to].ips as [string, string];
      const tcp4 = await agent(from).connect({ host: v4, port: 7000 });
      const tcp6 = await agent(from).connect({ host: v6, port: 7000 });
      const udp =
        (host: string, localPort: number): Talk =>
        () =>
          agent(from).dial({ host, port: 8080, transport: 'udp', localPort, timeoutMs: 300 });
      const base = 20_000 + ['a', 'b', 'c'].indexOf(to) * 100;
      return { tcp4, tcp6, udp4: udp(v4, base), udp6: udp(v6, base + 1) };
    };
    const alive = async (of: Readonly<Record<string, Talk>>): Promise<string> => {
      const answers = await Promise.all(
        Object.entries(of).map(async ([name, talk]) => [name, await talk('word')] as const),
      );
      return answers.flatMap(([name, answer]) => (answer.startsWith('error') ? [] : [name])).join(' ');
    };
    const ALL = 'tcp4 tcp6 udp4 udp6';

    it('those that stay allowed live on, those that are denied do not', async () => {
      lab.reset();
      lab.putPolicy('x', 'p', onlyTo('b', 'c'));
      await lab.expect({ 'a > host:8080': '', 'a > b:8080': ALL, 'a > c:8080': ALL });
      const [toB, toC] = [await talks('a', 'b'), await talks('a', 'c')];
      assert.deepEqual([await alive(toB), await alive(toC)], [ALL, ALL]);
      lab.putPolicy('x', 'p', onlyTo('b'));
      await lab.expect({ 'a > c:8080': '' });
      if (mode === 'cut') await eventually('they end', async () => (await alive(toC)) === '', 5000);
      else assert.equal(await alive(toC), ALL);
      assert.equal(await alive(toB), ALL);
    });

    it('also at the other end: what a pod no longer takes, and who is somebody else now', async () => {
      lab.reset();
      lab.putPolicy('x', 'p', onlyFrom('b', 'c'));
      await lab.expect({ 'host > a:8080': '', 'b > a:8080': ALL, 'c > a:8080': ALL });
      const [fromB, fromC] = [await talks('b', 'a'), await talks('c', 'a')];
      assert.deepEqual([await alive(fromB), await alive(fromC)], [ALL, ALL]);
      lab.putPod('c', { labels: { app: 'stranger' } });
      await lab.expect({ 'c > a:8080': '' });
      if (mode === 'cut') await eventually('they end', async () => (await alive(fromC)) === '', 5000);
      else assert.equal(await alive(fromC), ALL);
      assert.equal(await alive(fromB), ALL);
    });

    if (mode === 'cut')
      it('what the other end sends does not bring a connection back', async () => {
        lab.reset();
        await lab.expect({ 'a > c:8080': ALL });
        const [v4] = lab.pods.c.ips as [string];
        const talk = await agent('a').connect({ host: v4, port: 7000 });
        // its answer comes 200 ms later: when the policy is there
        const late = talk('later');
        lab.putPolicy('x', 'p', onlyTo('b'));
        await late;
        await eventually('it ends', async () => (await talk('word')) === 'error ECONNRESET', 5000);
      });

    if (mode === 'cut')
      it('also those that were denied while the agent was dead', async () => {
        lab.reset();
        await lab.expect({ 'a > b:8080': ALL, 'a > c:8080': ALL });
        const [toB, toC] = [await talks('a', 'b'), await talks('a', 'c')];
        await lab.killAgent('node-1');
        lab.putPolicy('x', 'p', onlyTo('b'));
        assert.equal(await alive(toC), ALL);
        await lab.startAgent('node-1');
        await eventually('they end', async () => (await alive(toC)) === '', 5000);
        assert.equal(await alive(toB), ALL);
      });
  });
