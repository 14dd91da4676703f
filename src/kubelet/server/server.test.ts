import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { eventually } from '../../../test/support/poll.ts';
import { boundPod, startTestKubelet } from '../../../test/support/test-kubelet.ts';
import type { TestKubelet } from '../../../test/support/test-kubelet.ts';
import { pods } from '../../k8s/resources.ts';
import { createAuthority } from '../../pki/authority.ts';
import type { KeyPair } from '../../pki/authority.ts';

const PORT = 21_250;
let test: TestKubelet;
let ca: string;
let serverKeys: KeyPair;
let [apiServer, somebody]: KeyPair[] = [];

before(async () => {
  const authority = await createAuthority('test');
  ca = authority.certificate;
  serverKeys = await authority.issue({
    commonName: 'system:node:node-1',
    ipAddresses: ['127.0.0.1'],
    usage: 'server',
  });
  apiServer = await authority.issue({ commonName: 'kube-apiserver-kubelet-client', usage: 'client' });
  somebody = await authority.issue({
    commonName: 'somebody',
    organizations: ['developers'],
    usage: 'client',
  });
  test = await startTestKubelet({ server: { port: PORT, ca, ...serverKeys }, pages: { greetings } });
  await test.kubelet.whenRegistered();
  test.client.put(pods, boundPod('a'));
  await test.clock.advance(1000);
});
after(() => test.stop());

/** Greets until the reader goes, where it is to follow. */
const greetings = (query: URLSearchParams, signal: AbortSignal): AsyncIterable<string> | undefined =>
  query.has('name') ? greet(query.get('name')!, query.has('follow') ? signal : undefined) : undefined;
let greeted: AbortSignal | undefined;
async function* greet(name: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
  yield `hello ${name}\n`;
  greeted = signal;
  if (signal) await once(signal, 'abort');
}

type Answer = { readonly code: number; readonly text: string };

const get = (
  path: string,
  caller?: Partial<KeyPair>,
  onText = (_text: string): void => {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { certificate: cert, key } = caller ?? apiServer!;
    request({ host: '127.0.0.1', port: PORT, path, ca, cert, key, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => onText((text += chunk)));
      response.on('end', () => resolve({ code: response.statusCode!, text }));
    })
      .on('error', reject)
      .end();
  });

type Session = { readonly frames: readonly string[]; readonly protocol: string; readonly code: number };

/** Opens a stream, sends the messages, and gives all that came back as `CHANNEL:text`. */
const stream = (
  path: string,
  messages: readonly Buffer[] = [],
  protocol = 'v5.channel.k8s.io',
  port = PORT,
): Promise<Session> =>
  new Promise((resolve, reject) => {
    const options = { ca, cert: apiServer!.certificate, key: apiServer!.key };
    const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, [protocol], options);
    const frames: string[] = [];
    socket.on('open', () => messages.forEach((message) => socket.send(message)));
    socket.on('message', (data: Buffer) => frames.push(`${data[0]}:${data.subarray(1).toString()}`));
    socket.on('error', reject);
    socket.on('close', (code) => resolve({ frames, protocol: socket.protocol, code }));
  });

describe('kubelet server', () => {
  it('answers the API server, refuses other users and those without a certificate', async () => {
    assert.deepEqual(await get('/healthz'), { code: 200, text: 'ok' });
    assert.equal((await get('/healthz', somebody)).code, 403);
    await assert.rejects(get('/healthz', {}));
    assert.equal(JSON.parse((await get('/pods')).text).items[0].metadata.name, 'a');
    for (const path of ['/nope', '/containerLogs/default/a', '/exec//a/web', '/%ff', '/constructor/a/b/c'])
      assert.equal((await get(path)).code, 404, path);
  });

  it('/metrics tells what runs, what the runtime did, and what failed', async () => {
    const { text } = await get('/metrics');
    for (const line of [
      'kubelet_node_name{node="node-1"} 1',
      'kubelet_running_pods 1',
      'kubelet_running_containers{container_state="running"} 1',
      'kubelet_started_pods_total 1',
      'kubelet_started_containers_total{container_type="container"} 1',
      'kubelet_pod_start_duration_seconds_count 1',
      'kubelet_runtime_operations_total{operation_type="create_container"} 1',
      'kubelet_started_pods_errors_total 0',
    ])
      assert.ok(text.includes(`\n${line}\n`), `${line}\n${text}`);
  });

  it('serves the pages that it was given, as they come, until the caller goes', async () => {
    assert.deepEqual(await get('/greetings?name=you'), { code: 200, text: 'hello you\n' });
    assert.equal((await get('/greetings?name=you', somebody)).code, 403);
    assert.deepEqual(await get('/greetings'), { code: 400, text: '/greetings does not know this query\n' });
    assert.equal((await get('/constructor')).code, 404);
    const { certificate: cert, key } = apiServer!;
    const options = { host: '127.0.0.1', port: PORT, path: '/greetings?name=you&follow=1', ca, cert, key };
    const caller = request({ ...options, agent: false }).end();
    const [response] = await once(caller, 'response');
    await once(response, 'data');
    await eventually('the page waits', () => greeted);
    caller.destroy();
    await eventually('the page hears of it', () => greeted!.aborted);
  });

  it('sends logs: all, the last lines, with times, followed to the end', async () => {
    for (const text of ['one', 'two', 'three']) test.runtime.log('web', text);
    assert.equal((await get('/containerLogs/default/a/web')).text, 'one\ntwo\nthree\n');
    assert.equal((await get('/containerLogs/default/a/web?tailLines=1')).text, 'three\n');
    assert.match(
      (await get('/containerLogs/default/a/web?tailLines=1&timestamps=true')).text,
      /^2026-\S+Z three\n$/,
    );
    const followed = await get('/containerLogs/default/a/web?follow=true&tailLines=1', apiServer, (text) => {
      if (text === 'three\n') test.runtime.log('web', 'four');
      else test.runtime.exit('web', 0);
    });
    assert.equal(followed.text, 'three\nfour\n');
  });

  it('says what is wrong with a request for logs', async () => {
    await test.clock.advance(1000);
    assert.deepEqual(await get('/containerLogs/default/nobody/web'), {
      code: 404,
      text: 'pod "nobody" not found in namespace "default"\n',
    });
    assert.equal((await get('/containerLogs/default/a/web?tailLines=x')).code, 400);
    test.client.put(pods, boundPod('b', { containers: [{ image: 'absent' }] }));
    await test.clock.advance(3000);
    assert.deepEqual(await get('/containerLogs/default/b/web'), {
      code: 400,
      text: 'container "web" in pod "b" is waiting to start: trying and failing to pull image\n',
    });
  });

  it('exec: output, then the status on the error channel', async () => {
    const { frames, protocol, code } = await stream(
      '/exec/default/a/web?command=echo&command=hi&output=1&error=1',
    );
    assert.deepEqual(frames, ['1:', '1:hi\n', '3:{"metadata":{},"status":"Success"}']);
    assert.deepEqual([protocol, code], ['v5.channel.k8s.io', 1000]);
  });

  it('exec: the exit code as a cause', async () => {
    const { frames } = await stream(
      '/exec/default/a/web?command=exit&command=7&output=1&error=1',
      [],
      'v4.channel.k8s.io',
    );
    assert.equal(frames[1], '2:failed\n');
    const status = JSON.parse(frames.at(-1)!.slice(2)) as Record<string, unknown>;
    assert.equal(status['reason'], 'NonZeroExitCode');
    assert.deepEqual(status['details'], { causes: [{ reason: 'ExitCode', message: '7' }] });
  });

  it('attach: what is typed before the process is there reaches it; 255 closes stdin; the terminal is resized', async () => {
    const { frames } = await stream('/attach/default/a/web?input=1&output=1&tty=1', [
      Buffer.from('\u0004{"Width":80,"Height":24}'),
      Buffer.from('\u0000typed'),
      Buffer.of(255, 0),
    ]);
    const output = frames.filter((text) => text.startsWith('1:')).map((text) => text.slice(2));
    assert.equal(output.join(''), '80x24\ntyped');
    assert.match(frames.at(-1)!, /^3:.*Success/);
  });

  it('port-forward over channels: the ports’ numbers first, then their data and errors', async () => {
    test.runtime.onPortForward((port) => port === 80);
    const { frames, code } = await stream('/portForward/default/a?port=80&port=81', [
      Buffer.from('\u0000ping'),
      Buffer.of(255, 0),
      Buffer.of(255, 2),
    ]);
    assert.deepEqual(frames.toSorted(), [
      '0:P\0',
      '0:ping',
      '1:P\0',
      '2:Q\0',
      '3:Q\0',
      '3:error forwarding port 81 to pod a_default, uid : connect to port 81: ECONNREFUSED',
    ]);
    assert.equal(code, 1000);
    await assert.rejects(stream('/portForward/default/a'), /400/);
  });

  it('stops with a stream still open', async () => {
    const second = await startTestKubelet({ server: { port: PORT + 1, ca, ...serverKeys } });
    await second.kubelet.whenRegistered();
    second.client.put(pods, boundPod('a'));
    await second.clock.advance(1000);
    const open = stream('/attach/default/a/web?input=1&output=1', [], 'v5.channel.k8s.io', PORT + 1);
    await eventually('the stream', () => second.runtime.calls.includes('attach web#0'));
    await second.stop();
    assert.equal((await open).code, 1006);
  });

  it('refuses a stream to nobody, and without a protocol in common', async () => {
    await assert.rejects(stream('/exec/default/a/nobody?command=true&output=1'), /404/);
    await assert.rejects(stream('/exec/default/a/web?command=true&output=1', [], 'v1.channel'), /403/);
  });

  it('stop() does not wait for a caller that never says hello', { timeout: 10_000 }, async () => {
    const other = await startTestKubelet({ server: { port: PORT + 1, ca, ...serverKeys } });
    await other.kubelet.whenRegistered();
    const silent = connect({ host: '127.0.0.1', port: PORT + 1 });
    silent.on('error', () => {});
    await once(silent, 'connect');
    await other.stop();
    silent.destroy();
  });
});
