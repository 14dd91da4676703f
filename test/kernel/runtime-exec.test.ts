// exec, attach and port-forward into real containers: exit codes, streams, terminals.
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type { PodRuntime, StreamSession } from '../../src/runtime/runtime.ts';
import { eventually } from '../support/poll.ts';
import { type TestRuntime, startTestRuntime } from '../support/test-runtime.ts';

describe('process runtime: ways into a container', () => {
  let test: TestRuntime;
  let runtime: PodRuntime;
  let sandbox: string;
  let id: string;
  before(async () => {
    test = await startTestRuntime('exec');
    runtime = test.runtime;
    sandbox = await test.sandbox();
    id = await test.run(sandbox, { command: ['sleep', 'infinity'], env: [{ name: 'A', value: 'b' }] });
  });
  after(() => test?.remove());

  const exec = (
    command: readonly string[],
    options: { stdin?: boolean; tty?: boolean } = {},
  ): Promise<StreamSession> =>
    runtime.exec(id, { command, stdin: options.stdin ?? false, tty: options.tty ?? false });

  it('exec() keeps the streams apart and gives the exit code', async () => {
    const session = await exec(['sh', '-c', 'echo out $A; echo err >&2; exit 7']);
    const [out, err, code] = await Promise.all([text(session.stdout), text(session.stderr!), session.exited]);
    assert.deepEqual([out, err, code], ['out b\n', 'err\n', 7]);
  });

  it('exec() passes stdin on, and its end', async () => {
    const session = await exec(['cat'], { stdin: true });
    session.stdin!.end('from stdin');
    assert.deepEqual([await text(session.stdout), await session.exited], ['from stdin', 0]);
  });

  it('exec() passes on a megabyte whole', async () => {
    const session = await exec(['sh', '-c', 'head -c 1000000 /dev/zero | tr "\\0" x']);
    assert.equal((await text(session.stdout)).length, 1_000_000);
  });

  it('exec() tells 128 + signal', async () => {
    const session = await exec(['sh', '-c', 'kill -9 $$']);
    assert.equal(await session.exited, 137);
  });

  it('exec() of a command that is not there', async () => {
    await assert.rejects(exec(['/no/such/program']), {
      code: 'EXEC_FAILED',
      message: /\/no\/such\/program.*No such file/,
    });
  });

  it('a terminal: it is one, has a size, and takes another', async () => {
    const session = await exec(['sh'], { stdin: true, tty: true });
    let seen = '';
    session.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    session.resize(100, 40);
    session.stdin!.write('tty; stty size\n');
    await eventually('the terminal and its size', () => /\/dev\/pts\/\d+\r\n40 100\r\n/.test(seen));
    session.resize(120, 50);
    await eventually('the new size', () => {
      session.stdin!.write('stty size\n');
      return seen.includes('50 120');
    });
    session.stdin!.write('exit 5\n');
    assert.equal(await session.exited, 5);
    await eventually('the end of the output', () => session.stdout.readableEnded);
  });

  it('close() ends the process', async () => {
    const session = await exec(['sleep', 'infinity']);
    session.close();
    assert.equal(await session.exited, 137);
    session.close(); // of what has ended
  });

  it('execSync() kills what takes too long', async () => {
    await assert.rejects(runtime.execSync(id, ['sh', '-c', 'echo $$ > /tmp/pid; exec sleep infinity'], 300), {
      code: 'EXEC_TIMEOUT',
      message: /timed out after 300 ms/,
    });
    const left = await runtime.execSync(id, ['sh', '-c', 'kill -0 $(cat /tmp/pid)'], 5000);
    assert.equal(left.exitCode, 1);
  });

  it('execSync() does not wait for what its command leaves behind', { timeout: 20_000 }, async () => {
    await assert.rejects(runtime.execSync(id, ['sh', '-c', 'sleep 31; true'], 300), { code: 'EXEC_TIMEOUT' });
    const { exitCode, stdout } = await runtime.execSync(id, ['sh', '-c', 'echo said; sleep 32 &'], 10_000);
    assert.deepEqual([exitCode, Buffer.from(stdout).toString()], [0, 'said\n']);
  });

  it('attach() follows the output and types', async () => {
    const reader = await test.run(sandbox, {
      name: 'reader',
      command: ['sh', '-c', 'while read line; do echo "got $line"; done; exit 4'],
      stdin: true,
      stdinOnce: true,
    });
    const session = await runtime.attach(reader, { stdin: true, tty: false });
    session.stdin!.end('one\ntwo\n');
    assert.equal(await text(session.stdout), 'got one\ngot two\n');
    assert.equal(await session.exited, 4);
  });

  it('attach() leaves stdin open for the next, unless it is for one only', async () => {
    const command = ['sh', '-c', 'while read line; do echo "got $line"; done'];
    const reader = await test.run(sandbox, { name: 'open', command, stdin: true });
    const first = await runtime.attach(reader, { stdin: true, tty: false });
    first.stdin!.end('one\n');
    let seen = '';
    first.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually('the answer to the first', () => seen === 'got one\n');
    const second = await runtime.attach(reader, { stdin: true, tty: false });
    second.stdin!.write('two\n');
    await eventually('the answer to the second', () => seen === 'got one\ngot two\n');
  });

  it('portForward() reaches a port of the pod, by either family, and is refused where nothing listens', async () => {
    await test.run(sandbox, {
      name: 'v4',
      command: ['socat', 'TCP4-LISTEN:8080,fork,reuseaddr', 'EXEC:cat'],
    });
    await test.run(sandbox, {
      name: 'v6',
      command: ['socat', 'TCP6-LISTEN:8081,ipv6only=1,fork', 'EXEC:cat'],
    });
    for (const port of [8080, 8081]) {
      const connection = await eventually(`port ${port}`, () => runtime.portForward(sandbox, port));
      connection.writable.end('echo');
      assert.equal(await text(connection.readable), 'echo');
      connection.close();
    }
    await assert.rejects(runtime.portForward(sandbox, 8082), /ECONNREFUSED/);
  });
});
