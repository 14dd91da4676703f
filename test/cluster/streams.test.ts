// Streams through a whole cluster with the real kubectl: both versions, each over WebSocket and over SPDY.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/poll.ts';
import {
  KUBECTL_VERSIONS,
  type Outcome,
  type TestCluster,
  startTestCluster,
} from '../support/test-cluster.ts';

// `counts` answers with the number of bytes that it has read, once its caller has ended.
const OBJECTS = `apiVersion: v1
kind: Pod
metadata: { name: box }
spec:
  terminationGracePeriodSeconds: 1
  containers: [{ name: box, image: podnet/toolbox, command: [sleep, infinity] },
    { name: counts, image: podnet/toolbox, command: [socat, 'TCP-LISTEN:9000,fork,reuseaddr', 'SYSTEM:wc -c'] }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: nginx, ports: [{ name: http, containerPort: 80 }] }] } }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 8080, targetPort: http }] }
`;

const TRANSPORTS = [
  { name: 'WebSocket', env: {} },
  {
    name: 'SPDY',
    env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' },
  },
] as const;

describe('streams', () => {
  let cluster: TestCluster;
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'podnet-streams-'));
    cluster = await startTestCluster('streams', { nodes: 1 });
    await cluster.kubectl(['apply', '-f', '-'], OBJECTS);
    await cluster.kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=60s']);
    await cluster.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
  });
  after(async () => {
    await cluster?.down();
    rmSync(folder, { recursive: true });
  });

  /** Runs while `use` does; gives the local port that kubectl says it listens at. */
  const withListener = async (
    args: readonly string[],
    options: { readonly version: string; readonly env: NodeJS.ProcessEnv },
    use: (port: number) => Promise<void>,
  ): Promise<void> => {
    const command = cluster.kubectlCommand(args, options.version);
    const child = spawn(command.program, command.args, {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += String(chunk)));
    try {
      const port = await eventually(`kubectl ${args.join(' ')}`, () => /127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
      await use(Number(port));
    } finally {
      child.kill();
    }
  };

  for (const version of KUBECTL_VERSIONS) {
    for (const { name, env } of TRANSPORTS) {
      describe(`kubectl ${version} over ${name}`, () => {
        const kubectl = (args: readonly string[], input?: string): Promise<Outcome> =>
          cluster.tryKubectl(args, { version, env, ...(input === undefined ? {} : { input }) });

        it('exec: output, errors, exit code, stdin', async () => {
          const script = 'echo out; echo err >&2; exit 7';
          const failed = await kubectl(['exec', 'box', '-c', 'box', '--', 'sh', '-c', script]);
          assert.deepEqual([failed.code, failed.stdout], [7, 'out\n']);
          assert.match(failed.stderr, /^err\n[\s\S]*exit code 7/);
          const typed = await kubectl(['exec', '-i', 'box', '-c', 'box', '--', 'cat'], 'from stdin');
          assert.deepEqual([typed.code, typed.stdout], [0, 'from stdin']);
        });

        it('cp: both ways, byte by byte', async () => {
          const bytes = randomBytes(2_000_000);
          const [there, back] = [join(folder, 'there'), join(folder, 'back')];
          writeFileSync(there, bytes);
          const to = await kubectl(['cp', there, 'box:/tmp/copy', '-c', 'box']);
          assert.equal(to.code, 0, to.stderr);
          const from = await kubectl(['cp', 'box:/tmp/copy', back, '-c', 'box']);
          assert.equal(from.code, 0, from.stderr);
          assert.ok(readFileSync(back).equals(bytes));
        });

        it('run -i --rm: what is typed reaches the container, its exit code comes back', async () => {
          const pod = `run-${version.replace('.', '-')}-${name.toLowerCase()}`;
          const flags = ['--image=podnet/toolbox', '-i', '--rm', '--restart=Never', '--quiet'];
          const { code, stdout } = await kubectl(
            ['run', pod, ...flags, '--', 'sh'],
            'sleep 1; echo in the pod; exit 3',
          );
          assert.equal(code, 3);
          assert.match(stdout, /^in the pod\n/);
          await eventually('no pod left', async () => (await kubectl(['get', 'pod', pod])).code !== 0);
        });

        it('port-forward: to a pod, a deployment and a Service, many at once', async () => {
          for (const target of ['deployment/web', 'service/web']) {
            const ports = target === 'service/web' ? ':8080' : ':80';
            await withListener(['port-forward', target, ports], { version, env }, async (port) => {
              const answers = await Promise.all(
                Array.from({ length: 20 }, () => fetch(`http://127.0.0.1:${port}/`)),
              );
              assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
              await Promise.all(answers.map((answer) => answer.text()));
            });
          }
        });

        it('port-forward: one side ends, and hears the other to its end', async () => {
          await withListener(['port-forward', 'pod/box', ':9000'], { version, env }, async (port) => {
            const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
            socket.end(Buffer.alloc(1_000_000));
            assert.equal(await text(socket), '1000000\n');
          });
        });
      });
    }
  }

  it('proxy: to a pod, a Service and a node, by kubectl proxy and by --raw', async () => {
    const namespace = '/api/v1/namespaces/default';
    const get = (path: string): Promise<Outcome> => cluster.tryKubectl(['get', '--raw', path]);
    assert.match((await get(`${namespace}/services/web:8080/proxy/`)).stdout, /<html>/);
    assert.match((await get(`${namespace}/services/web:http/proxy/`)).stdout, /<html>/);
    assert.equal((await get('/api/v1/nodes/node-1/proxy/healthz')).stdout, 'ok');
    assert.match(
      (await get(`${namespace}/pods/box:81/proxy/`)).stderr,
      /error trying to reach service: dial tcp [\d.]+:81: connect: connection refused/,
    );
    await withListener(['proxy', '--port=0'], { version: '1.36', env: {} }, async (port) => {
      const base = `http://127.0.0.1:${port}${namespace}/services/web:http/proxy`;
      const moved = await fetch(base, { redirect: 'manual' });
      assert.deepEqual(
        [moved.status, moved.headers.get('location')],
        [301, `${namespace}/services/web:http/proxy/`],
      );
      assert.equal((await fetch(`${base}/absent`)).status, 404);
      assert.match(await (await fetch(`${base}/`)).text(), /<html>/);
    });
  });

  it('debug: an ephemeral container sees its target’s processes, and stays in the pod', async () => {
    const debug = ['debug', 'box', '--image=podnet/toolbox', '--target=counts', '-c', 'look', '--', 'ps'];
    assert.equal((await cluster.tryKubectl(debug)).code, 0);
    await eventually('what it sees', async () =>
      /socat TCP-LISTEN/.test(await cluster.kubectl(['logs', 'box', '-c', 'look'])),
    );
    await eventually('its end', async () => {
      const path = 'jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}';
      return (await cluster.kubectl(['get', 'pod', 'box', '-o', path])) === '0';
    });
  });

  it('a pod ends although an exec in it has failed', async () => {
    await cluster.kubectl(['run', 'short', '--image=podnet/toolbox', '--', 'sleep', 'infinity']);
    await cluster.kubectl(['wait', 'pod/short', '--for=condition=Ready', '--timeout=60s']);
    assert.notEqual((await cluster.tryKubectl(['exec', 'short', '--', '/no/such/program'])).code, 0);
    await cluster.kubectl(['delete', 'pod', 'short', '--grace-period=1', '--timeout=60s']);
  });

  it('a terminal has the size of the caller’s', async () => {
    const script = 'stty rows 33 cols 99; "$0" "$@"';
    const size = 'until stty size 2>/dev/null | grep 99; do sleep 0.05; done';
    const words = ['exec', '-it', 'box', '-c', 'box', '--', 'sh', '-c', size];
    const { program, args } = cluster.kubectlCommand(words);
    const quoted = [script, program, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const child = spawn('script', ['-qec', `sh -c ${quoted}`, '/dev/null'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.match(await text(child.stdout), /33 99/);
  });
});
