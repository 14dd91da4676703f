import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Server } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../../../test/support/poll.ts';
import { DatagramBatch } from '../../kernel/datagram-batch.ts';
import { silentLog } from '../../lang/log.ts';
import { framed } from './frames.ts';
import { listen } from './listener.ts';
import type { Listener } from './listener.ts';

const [ADDRESS, PORT] = ['127.53.3.10', 5454];

describe('listen() by TCP', () => {
  let listener: Listener;
  before(async () => {
    const answer = (query: Uint8Array): Uint8Array => query;
    const batch = new DatagramBatch();
    listener = await listen({ address: ADDRESS, port: PORT, answer, batch, idleMs: 100, log: silentLog });
  });
  after(() => listener?.close());

  const closedAfterMs = async (write: (socket: ReturnType<typeof connect>) => void): Promise<number> => {
    const socket = connect(PORT, ADDRESS);
    socket.resume();
    const began = performance.now();
    write(socket);
    await new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    return performance.now() - began;
  };

  it('closes a connection that is silent (RFC 7766 6.2.3), not one that asks', async () => {
    assert.ok((await closedAfterMs(() => {})) >= 95);
    const query = framed(Buffer.from('a query'));
    const busyMs = await closedAfterMs((socket) => {
      let left = 5;
      socket.on('data', () => left-- > 0 && setTimeout(() => socket.write(query), 50));
      socket.write(query);
    });
    assert.ok(busyMs >= 300, `${busyMs}`);
  });
});

/** Node's own: tells of each server that listens. */
const LISTEN = 'tracing:net.server.listen:asyncStart';

describe('listen() and a client that does not read', () => {
  const address = '127.53.3.12';

  it('is answered only as far as it reads, then all', async () => {
    const [QUERIES, ANSWER_BYTES] = [1000, 60_000];
    let asked = 0;
    const answer = (): Uint8Array => {
      asked++;
      return Buffer.alloc(ANSWER_BYTES);
    };
    const options = { address, port: PORT, answer, batch: new DatagramBatch(), log: silentLog };
    const listener = await listen(options);
    const client = connect(PORT, address);
    try {
      const query = framed(Buffer.alloc(40));
      client.write(Buffer.concat(Array.from({ length: QUERIES }, () => query)));
      await eventually('it is asked', () => asked > 0);
      assert.ok(asked < QUERIES / 2, `${asked} answers wait`);
      let received = 0;
      client.on('data', (chunk: Buffer) => (received += chunk.length));
      await eventually('all answers', () => received === QUERIES * (2 + ANSWER_BYTES));
    } finally {
      client.destroy();
      listener.close();
    }
  });
});

describe('listen() and what goes wrong', () => {
  const address = '127.53.3.11';
  const failing = (query: Uint8Array): Uint8Array | Promise<Uint8Array> => {
    if (query[0] === 1) throw new Error('no answer');
    return query[0] === 2 ? Promise.reject(new Error('no answer, later')) : query;
  };
  const options = { address, port: PORT, answer: failing, batch: new DatagramBatch(), log: silentLog };
  const queries = [1, 2, 3].map((first) => Buffer.from([first]));

  it('leaves a query without an answer that cannot be answered, and goes on', async () => {
    const listener = await listen(options);
    try {
      const udp = createSocket('udp4');
      for (const query of queries) udp.send(query, PORT, address);
      const [reply] = (await once(udp, 'message')) as [Buffer];
      assert.equal(reply[0], 3);
      udp.close();
      for (const [index, query] of queries.entries()) {
        const tcp = connect(PORT, address);
        tcp.write(framed(query));
        const answered = once(tcp, 'data').then(() => true);
        const ended = once(tcp, 'close').then(() => false);
        assert.equal(await Promise.race([answered, ended]), index === 2);
        tcp.destroy();
      }
    } finally {
      listener.close();
    }
  });

  it('goes on when connections cannot be accepted', async () => {
    const servers: Server[] = [];
    const remember = (message: unknown): void => void servers.push((message as { server: Server }).server);
    subscribe(LISTEN, remember);
    const listener = await listen(options);
    unsubscribe(LISTEN, remember);
    try {
      assert.equal(servers.length, 1);
      for (let i = 0; i < 2; i++) servers[0]!.emit('error', new Error('accept EMFILE'));
    } finally {
      listener.close();
    }
  });
});
