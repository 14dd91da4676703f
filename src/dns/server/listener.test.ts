import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
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
