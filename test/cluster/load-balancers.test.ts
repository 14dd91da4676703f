// Services of type LoadBalancer in a whole cluster: packets from the host, from a machine behind it and from pods reach
// them, TCP and UDP, IPv4 and IPv6, and nothing is left of them, also after kill -9.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { clusterFiles, readRecord } from '../../src/embedded/cluster-files.ts';
import { eventually } from '../support/poll.ts';
import { type TestCluster, run, runOk, startTestCluster } from '../support/test-cluster.ts';

const NAME = 'balance';
const POOLS = ['198.18.7.0/28', 'fd00:198:18::/120']; // the first of RFC 2544, the second of RFC 4193

/** Answers on every connection or datagram with the pod's name and the client's address. */
const SERVER = ['TCP4', 'TCP6', 'UDP4', 'UDP6']
  .map(
    (kind) =>
      `socat ${kind}-LISTEN:8080,fork,reuseaddr${kind.endsWith('6') ? ',ipv6only=1' : ''} SYSTEM:"hostname; echo \\$SOCAT_PEERADDR" &`,
  )
  .join(' ');

const pod = (name: string, node: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' } },
  spec: {
    nodeName: node,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'c', image: 'podnet/toolbox', command: ['sh', '-c', `${SERVER} wait`] }],
  },
});
const service = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: {
    type: 'LoadBalancer',
    ipFamilyPolicy: 'RequireDualStack',
    selector: { app: 'web' },
    ports: ['TCP', 'UDP'].map((protocol) => ({
      name: protocol.toLowerCase(),
      port: 80,
      protocol,
      targetPort: 8080,
    })),
    ...spec,
  },
});

type Reply = { readonly pod: string; readonly client: string };
/** Where a question is asked from: a prefix of the command line. */
type Place = readonly string[];
const HOST: Place = [];
const BEHIND: Place = ['ip', 'netns', 'exec', 'behind-balance'];

const ask = async (place: Place, kind: 'TCP' | 'UDP', ip: string, port = 80): Promise<Reply | undefined> => {
  const target = ip.includes(':') ? `${kind}6:[${ip}]` : `${kind}4:${ip}`;
  const words = [...place, 'sh', '-c', `echo hello | timeout 3 socat -T 1 -t 1 - '${target}:${port}'`];
  const { stdout } = await run(words[0]!, words.slice(1));
  const [name, client] = stdout.trim().split('\n');
  return name && client ? { pod: name, client: canonical(client) } : undefined;
};
/** socat writes IPv6 addresses in brackets, in full. */
const canonical = (text: string): string =>
  text.startsWith('[') ? new URL(`http://${text}/`).hostname.slice(1, -1) : text;

const answer = (...args: Parameters<typeof ask>): Promise<Reply> =>
  eventually(`an answer to ${args.flat().join(' ')}`, () => ask(...args));

const canIsolate = process.getuid?.() === 0;

describe('LoadBalancers of a cluster', { skip: canIsolate ? false : 'needs root' }, () => {
  let cluster: TestCluster;
  let hostAddresses: readonly string[] = [];
  const apply = (...objects: readonly object[]): Promise<string> =>
    cluster.kubectl(['apply', '-f', '-'], objects.map((object) => JSON.stringify(object)).join('\n---\n'));
  const ipsOf = async (name: string): Promise<readonly string[]> => {
    const path = 'jsonpath={.status.loadBalancer.ingress[*].ip}';
    const text = await eventually(`addresses of ${name}`, () =>
      cluster.kubectl(['get', 'svc', name, '-o', path]),
    );
    return text.split(' ');
  };

  before(async () => {
    cluster = await startTestCluster(NAME, { nodes: 3, loadBalancerPools: POOLS });
    hostAddresses = readRecord(NAME)!.config.hostAddresses;
    await apply(pod('one', 'node-1'), pod('two', 'node-2'));
    await cluster.kubectl(['wait', 'pod', '-l', 'app=web', '--for=condition=Ready', '--timeout=60s']);
    await addMachineBehind();
  });
  after(async () => {
    await run('ip', ['netns', 'delete', 'behind-balance']);
    await cluster?.down();
  });

  /** A network namespace whose only way is the host. */
  const addMachineBehind = async (): Promise<void> => {
    const steps = [
      'ip netns add behind-balance',
      'ip link add bal-host type veth peer name eth0 netns behind-balance',
      'ip address add 198.18.8.1/24 dev bal-host',
      'ip address add fd00:198:19::1/64 dev bal-host nodad',
      'ip link set bal-host up',
      'ip -n behind-balance address add 198.18.8.2/24 dev eth0',
      'ip -n behind-balance address add fd00:198:19::2/64 dev eth0 nodad',
      'ip -n behind-balance link set eth0 up',
      'ip -n behind-balance route add default via 198.18.8.1',
      'ip -n behind-balance route add default via fd00:198:19::1',
    ];
    for (const step of steps) await runOk('sh', ['-c', step]);
  };

  it('has an address of each family, which kubectl shows', async () => {
    await apply(service('web', {}));
    const ips = await ipsOf('web');
    assert.deepEqual(ips, ['198.18.7.1', 'fd00:198:18::1']);
    assert.match(
      await cluster.kubectl(['get', 'svc', 'web']),
      /LoadBalancer +\S+ +198\.18\.7\.1,fd00:198:18::1 /,
    );
    const { stdout } = await cluster.podnet(['status']);
    assert.match(stdout, /198\.18\.7\.1/);
  });

  it('is reached from the host, from behind it, from a node and from a pod, by TCP and UDP', async () => {
    const node: Place = ['ip', 'netns', 'exec', `podnet-${NAME}-node-3`];
    for (const ip of await ipsOf('web'))
      for (const kind of ['TCP', 'UDP'] as const)
        for (const place of [HOST, BEHIND, node])
          assert.match((await answer(place, kind, ip)).pod, /^(one|two)$/);
    const [ip] = await ipsOf('web');
    const fromPod = await cluster.kubectl([
      'exec',
      'one',
      '--',
      'sh',
      '-c',
      `echo | socat -t 2 - TCP4:${ip}:80`,
    ]);
    assert.match(fromPod, /^(one|two)$/m);
  });

  it('spreads over all endpoints', async () => {
    const [ip] = await ipsOf('web');
    const seen = new Set<string>();
    await eventually('both pods', async () => seen.add((await answer(HOST, 'TCP', ip!)).pod).size === 2);
  });

  it('leads nowhere by a port that the Service has not, nor by an address that nobody has', async () => {
    const [ip] = await ipsOf('web');
    assert.equal(await ask(HOST, 'TCP', ip!, 81), undefined);
    const { code, stderr } = await run('sh', ['-c', 'timeout 10 socat - TCP4:198.18.7.14:80 < /dev/null']);
    assert.notEqual(code, 0);
    assert.match(stderr, /No route to host/); // and not out by the host's default route
  });

  it('with externalTrafficPolicy Local shows the client as it is, and follows the endpoints', async () => {
    await apply(service('local', { externalTrafficPolicy: 'Local' }));
    const ips = await ipsOf('local');
    const clients = { [HOST.join()]: hostAddresses, [BEHIND.join()]: ['198.18.8.2', 'fd00:198:19::2'] };
    const check = async (name?: string): Promise<void> => {
      for (const [index, ip] of ips.entries())
        for (const kind of ['TCP', 'UDP'] as const)
          for (const place of [HOST, BEHIND]) {
            const reply = await answer(place, kind, ip);
            assert.equal(reply.client, clients[place.join()]![index]);
            if (name) assert.equal(reply.pod, name);
          }
    };
    await check();
    await cluster.kubectl(['delete', 'pod', 'two']);
    await eventually('only pod one', async () => (await ask(HOST, 'TCP', ips[0]!))?.pod === 'one');
    await check('one');
    await apply(pod('two', 'node-2'));
    await cluster.kubectl(['wait', 'pod/two', '--for=condition=Ready', '--timeout=60s']);
    await cluster.kubectl(['delete', 'pod', 'one']);
    await eventually('only pod two', async () => (await ask(HOST, 'TCP', ips[0]!))?.pod === 'two');
    await check('two');
  });

  it('lets only the source ranges in', async () => {
    const limited = service('limited', { loadBalancerSourceRanges: ['198.18.8.0/24', 'fd00:198:19::/64'] });
    await apply(limited);
    for (const ip of await ipsOf('limited')) {
      assert.equal((await answer(BEHIND, 'TCP', ip)).pod, 'two');
      assert.equal(await ask(HOST, 'TCP', ip), undefined);
    }
  });

  it('goes with its Service: address and route', async () => {
    const [ip] = await ipsOf('local');
    await cluster.kubectl(['delete', 'svc', 'local']);
    assert.match(await cluster.kubectl(['get', 'events']), /DeletedLoadBalancer/);
    await eventually('no route', async () => !(await runOk('ip', ['route'])).includes(`${ip} `));
    assert.equal(await ask(HOST, 'TCP', ip!), undefined);
  });

  it('leaves nothing after kill -9 and podnet down', async () => {
    assert.match(await runOk('ip', ['route']), /^198\.18\.7\.1 via /m);
    process.kill(readRecord(NAME)!.pid, 'SIGKILL');
    await cluster.down();
    for (const family of ['-4', '-6'])
      assert.doesNotMatch(await runOk('ip', [family, 'route']), /198\.18\.7\.|198:18:/);
    assert.equal(readRecord(NAME), undefined);
    assert.ok(clusterFiles(NAME).run.endsWith(NAME));
  });
});

describe('podnet up --load-balancer-pool', { skip: canIsolate ? false : 'needs root' }, () => {
  it('refuses a range that cannot be one, and starts nothing', async () => {
    await assert.rejects(
      startTestCluster('badpool', { nodes: 1, loadBalancerPools: ['10.244.3.0/24'] }),
      /--load-balancer-pool: 10\.244\.3\.0\/24 overlaps a network of the cluster, 10\.244\.0\.0\/16/,
    );
  });
});
