import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../test/support/poll.ts';
import { startSecureKubelet } from '../../../test/support/secure-kubelet.ts';
import type { SecureKubelet } from '../../../test/support/secure-kubelet.ts';
import type { TestKubelet } from '../../../test/support/test-kubelet.ts';
import type { KeyPair } from '../../pki/authority.ts';

const PORT = 21_252;

describe('kubelet server over SPDY', () => {
  let test: TestKubelet;
  let ca: string;
  let caller: KeyPair;
  let dial: SecureKubelet['dial'];
  before(async () => {
    ({ test, ca, caller, dial } = await startSecureKubelet(PORT));
  });
  after(() => test.stop());

  const execPath = (...words: readonly string[]): string =>
    `/exec/default/a/web?output=1&error=1&${words.map((word) => `command=${word}`).join('&')}`;

  it('port-forward: SPDY inside of a WebSocket, whose name is no token', async () => {
    const protocol = 'SPDY/3.1+portforward.k8s.io';
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    request({
      ...{ host: '127.0.0.1', port: PORT, path: '/portForward/default/a', ca },
      ...{ cert: caller.certificate, key: caller.key },
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        'sec-websocket-protocol': protocol,
      },
    })
      .on('upgrade', (answer, socket) => {
        socket.destroy();
        resolve(answer);
      })
      .on('response', resolve)
      .on('error', reject)
      .end();
    const { statusCode, headers } = await promise;
    assert.deepEqual([statusCode, headers['sec-websocket-protocol']], [101, protocol]);
  });

  it('exec: both streams end, then the Status comes and the connection closes', async () => {
    const client = await dial(execPath('exit', '7'), 'v5.channel.k8s.io, v4.channel.k8s.io');
    assert.equal(client.protocol, 'v5.channel.k8s.io');
    const [errors, stdout, stderr] = ['error', 'stdout', 'stderr'].map((streamtype) =>
      client.open({ streamtype }),
    );
    await client.closed;
    assert.equal(client.heard(stdout!), 'END');
    assert.equal(client.heard(stderr!), 'failed\nEND');
    assert.match(client.heard(errors!), /"reason":"NonZeroExitCode".*"message":"7".*END$/);
  });

  it('exec: before v4 a failure is told as text, and success by silence', async () => {
    const failed = await dial(execPath('exit', '7'), 'v2.channel.k8s.io');
    const [errors] = ['error', 'stdout', 'stderr'].map((streamtype) => failed.open({ streamtype }));
    await failed.closed;
    assert.match(failed.heard(errors!), /^command terminated with non-zero exit code.*END$/);
    const done = await dial(execPath('echo', 'hi'), 'channel.k8s.io');
    const [silent, stdout] = ['error', 'stdout', 'stderr'].map((streamtype) => done.open({ streamtype }));
    await done.closed;
    assert.deepEqual([done.heard(silent!), done.heard(stdout!)], ['END', 'hi\nEND']);
  });

  it('attach: stdin and its end, the size of the terminal, pings', async () => {
    const client = await dial('/attach/default/a/web?input=1&output=1&tty=1', 'v4.channel.k8s.io');
    client.sendFrame({ kind: 'ping', id: 1 });
    const [, stdin, stdout, resize] = ['error', 'stdin', 'stdout', 'resize'].map((streamtype) =>
      client.open({ streamtype }),
    );
    client.send(resize!, '{"Width":80,"Height":24}\n');
    client.send(stdin!, 'typed');
    client.send(stdin!, '', true);
    await client.closed;
    assert.equal(client.heard(stdout!), '80x24\ntypedEND');
    assert.equal(client.heard(0), 'ping 1');
  });

  it('refuses streams that nobody asked for, and protocols that it does not know', async () => {
    const client = await dial(execPath('cat'), 'v4.channel.k8s.io');
    const odd = client.open({ streamtype: 'odd' });
    await eventually('the reset', () => client.heard(odd) === 'RESET');
    client.sendFrame({ kind: 'syn-stream', streamId: 2, isLast: false, priority: 0, headers: {} });
    await eventually('the reset of a number that is not the caller’s', () => client.heard(2) === 'RESET');
    await assert.rejects(dial(execPath('cat'), 'v9.channel.k8s.io'), {
      message:
        '403 unable to upgrade: unable to negotiate protocol: client supports [v9.channel.k8s.io], ' +
        'server accepts [v5.channel.k8s.io v4.channel.k8s.io v3.channel.k8s.io v2.channel.k8s.io channel.k8s.io]',
    });
    await assert.rejects(dial(execPath('cat'), ''), /400 unable to upgrade/);
  });

  it('port-forward: each pair of streams is a connection; what fails is told on its error stream', async () => {
    test.runtime.onPortForward((port) => port === 80);
    const client = await dial('/portForward/default/a', 'portforward.k8s.io');
    const pair = (port: string, requestid: string): readonly number[] =>
      ['error', 'data'].map((streamtype) => client.open({ streamtype, port, requestid }));
    const [errors, data] = pair('80', '0');
    const [refusal] = pair('81', '1');
    client.send(data!, 'ping', true);
    await eventually('the echo and its end', () => client.heard(data!) === 'pingEND');
    await eventually('the end of the errors', () => client.heard(errors!) === 'END');
    await eventually('the refusal', () => client.heard(refusal!).endsWith('END'));
    assert.equal(
      client.heard(refusal!),
      'error forwarding port 81 to pod a_default, uid : connect to port 81: ECONNREFUSEDEND',
    );
    const odd = client.open({ streamtype: 'data', port: '0', requestid: '2' });
    await eventually('the reset', () => client.heard(odd) === 'RESET');
  });
});
