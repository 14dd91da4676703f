import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { createSelfSigned } from '../../../test/support/self-signed.ts';
import type { Probe } from '../../k8s/generated/types.ts';
import { RuntimeError } from '../../runtime/runtime.ts';
import { ProbeWorker } from './probe-worker.ts';
import { runProbe } from './run-probe.ts';
import type { ProbeKind } from './tally.ts';

describe('ProbeWorker', () => {
  /** The verdicts and failures of a probe whose outcomes are `outcomes` in turn, `ms` long; the last one repeats. */
  const watch = async (kind: ProbeKind, probe: Probe, ms: number, outcomeAt: (ms: number) => boolean) => {
    const clock = createFakeClock(0);
    const heard: string[] = [];
    const tries: number[] = [];
    const worker = new ProbeWorker({
      kind,
      probe,
      startedAtMs: 0,
      clock,
      perform: async () => {
        tries.push(clock.now());
        return { ok: outcomeAt(clock.now()), output: 'bad' };
      },
      onVerdict: (verdict) => heard.push(`${clock.now()} ${verdict}`),
      onFailure: (message) => heard.push(`${clock.now()} ${message}`),
    });
    await clock.advance(ms);
    worker.stop();
    await clock.advance(60_000);
    assert.ok(
      tries.every((at) => at <= ms),
      'nothing after stop()',
    );
    return { heard, tries };
  };

  it('tries early and often until the first success, then once a period', async () => {
    const { heard, tries } = await watch('readiness', { periodSeconds: 10 }, 25_000, (ms) => ms >= 300);
    assert.deepEqual(tries, [0, 100, 300, 1000, 11_000, 21_000]);
    assert.deepEqual(heard, ['300 true']);
  });

  it('does not try before the initial delay', async () => {
    const { tries } = await watch('readiness', { initialDelaySeconds: 5 }, 6000, () => true);
    assert.deepEqual(tries, [5000, 6000]);
  });

  it('counts failures of regular tries only, and changes at the threshold', async () => {
    const probe = { periodSeconds: 2, failureThreshold: 2, successThreshold: 2 };
    const isUp = (ms: number): boolean => ms < 4000 || ms > 8000;
    const { heard } = await watch('readiness', probe, 14_000, isUp);
    assert.deepEqual(heard, [
      '1000 true',
      '5000 probe failed: bad',
      '7000 probe failed: bad',
      '7000 false',
      '11000 true',
    ]);
  });

  it('gives a container up after failureThreshold failures of its liveness or startup probe', async () => {
    const probe = { periodSeconds: 1, failureThreshold: 3 };
    const failures = [
      '1000 probe failed: bad',
      '2000 probe failed: bad',
      '3000 probe failed: bad',
      '3000 false',
    ];
    assert.deepEqual((await watch('liveness', probe, 3500, () => false)).heard, failures);
    assert.deepEqual((await watch('startup', probe, 3500, () => false)).heard, failures);
  });
});

describe('runProbe()', () => {
  const servers: { close: () => void }[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));
  const listen = async (server: ReturnType<typeof createTcpServer>): Promise<number> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const runtime = {
    execSync: (_id: string, [code = '']: readonly string[]) =>
      code === 'slow'
        ? Promise.reject(new RuntimeError('EXEC_TIMEOUT', ''))
        : Promise.resolve({ exitCode: Number(code), stdout: Buffer.from('o'), stderr: Buffer.from('e') }),
  };
  const probe = async (request: Probe, port = 0): Promise<string> => {
    const container = { name: 'c', ports: [{ name: 'web', containerPort: port }] };
    const { ok, output } = await runProbe(request, {
      container,
      containerId: 'id',
      podIp: '127.0.0.1',
      runtime,
    });
    return `${ok ? 'ok' : 'failed'} ${output}`.trim();
  };

  it('exec: the exit code decides', async () => {
    assert.equal(await probe({ exec: { command: ['0'] } }), 'ok oe');
    assert.equal(await probe({ exec: { command: ['1'] } }), 'failed oe');
    assert.equal(
      await probe({ exec: { command: ['slow'] } }),
      'failed command timed out: "slow" timed out after 1s',
    );
  });

  it('tcpSocket: a connection is enough', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    assert.equal(await probe({ tcpSocket: { port } }), 'ok');
    server.close();
    assert.equal(
      await probe({ tcpSocket: { port } }),
      `failed dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
  });

  it('httpGet: status, headers, named port, refusal and silence', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(
        `${request.url} ${request.headers.host} ${request.headers['user-agent']} ${request.headers['x-a']}`,
      );
      if (request.url !== '/silent') response.writeHead(Number(request.url!.slice(1))).end('body');
    });
    const port = await listen(server);
    const httpHeaders = [
      { name: 'X-A', value: 'b' },
      { name: 'Host', value: 'example.org' },
    ];
    assert.equal(await probe({ httpGet: { port: 'web', path: '/204', httpHeaders } }, port), 'ok');
    assert.equal(asked[0], '/204 example.org kube-probe/1.36 b');
    assert.equal(await probe({ httpGet: { port, path: '302' } }), 'ok');
    assert.equal(
      await probe({ httpGet: { port, path: '/500' } }),
      'failed HTTP probe failed with statuscode: 500',
    );
    assert.match(
      await probe({ httpGet: { port, path: '/silent' } }),
      /^failed Get "http:.*context deadline exceeded/,
    );
    server.closeAllConnections();
    server.close();
    assert.equal(
      await probe({ httpGet: { port, path: '/' } }),
      `failed Get "http://127.0.0.1:${port}/": dial tcp 127.0.0.1:${port}: connect: connection refused`,
    );
    await assert.rejects(probe({ httpGet: { port: 'nope' } }), /port "nope" not found/);
  });

  it('httpGet: a server that switches protocols unasked', { timeout: 10_000 }, async () => {
    const answer = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n';
    const server = createTcpServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.write(answer));
    });
    const port = await listen(server);
    assert.equal(await probe({ httpGet: { port } }), 'failed HTTP probe failed with statuscode: 101');
  });

  it('httpGet: HTTPS with any certificate', async () => {
    const server = createTlsServer(await createSelfSigned(), (_, response) => response.end());
    const port = await listen(server);
    assert.equal(await probe({ httpGet: { port, scheme: 'HTTPS' } }), 'ok');
  });

  it('grpc: the health service answers SERVING', async () => {
    let status = 1;
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
    });
    const port = await listen(server);
    assert.equal(await probe({ grpc: { port } }), 'ok');
    status = 2;
    assert.equal(await probe({ grpc: { port } }), 'failed service unhealthy (responded with "NOT_SERVING")');
    server.close();
    assert.match(await probe({ grpc: { port: 1 } }), /^failed .*ECONNREFUSED/);
  });

  it('grpc: an answer without end is none', { timeout: 10_000 }, async () => {
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.on('error', () => {}).respond({ ':status': 200, 'content-type': 'application/grpc' });
      const timer = setInterval(() => stream.write('.'), 50);
      stream.once('close', () => clearInterval(timer));
    });
    const port = await listen(server);
    assert.equal(
      await probe({ grpc: { port } }),
      'failed timeout: health rpc did not complete: no answer within 1s',
    );
  });
});
