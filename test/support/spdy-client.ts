// A SPDY/3.1 caller for tests: opens streams on an upgraded socket, and keeps what comes back on each.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { FrameDecoder } from '../../src/wire/spdy/decode.ts';
import { encodeFrame } from '../../src/wire/spdy/encode.ts';
import type { Frame } from '../../src/wire/spdy/frame.ts';
import { HeaderEncoder } from '../../src/wire/spdy/header-block.ts';
import type { Headers } from '../../src/wire/spdy/header-block.ts';

export type SpdyClient = {
  /** The protocol that the server chose. */
  readonly protocol: string | undefined;
  readonly open: (headers: Headers) => number;
  readonly send: (streamId: number, data: string, isLast?: boolean) => void;
  readonly sendFrame: (frame: Frame) => void;
  /** Anything. */
  readonly sendBytes: (bytes: Uint8Array) => void;
  readonly end: () => void;
  /** What has come on a stream, with `END` for its end and `RESET` for a reset. */
  readonly heard: (streamId: number) => string;
  readonly closed: Promise<void>;
};

/** Rejects with the code and text of a refusal. */
export const openSpdy = async (options: RequestOptions, protocols: string): Promise<SpdyClient> => {
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': protocols };
  const request = httpsRequest({ ...options, method: 'POST', headers, agent: false });
  request.end();
  const refused = once(request, 'response').then(async ([answer]) => {
    const { statusCode } = answer as IncomingMessage;
    throw new Error(`${statusCode} ${(await (answer as IncomingMessage).toArray()).join('')}`);
  });
  const [answer, socket, head] = (await Promise.race([once(request, 'upgrade'), refused])) as [
    IncomingMessage,
    Duplex,
    Buffer,
  ];
  return clientOn(socket, head, String(answer.headers['x-stream-protocol-version']));
};

const clientOn = (socket: Duplex, head: Buffer, protocol: string): SpdyClient => {
  const [encoder, decoder] = [new HeaderEncoder(), new FrameDecoder()];
  const texts = new Map<number, string>();
  let lastId = -1;
  const add = (id: number, text: string): void => void texts.set(id, (texts.get(id) ?? '') + text);
  const receive = (chunk: Buffer): void => {
    for (const frame of decoder.push(chunk)) {
      if (frame.kind === 'data')
        add(frame.streamId, Buffer.from(frame.data).toString() + (frame.isLast ? 'END' : ''));
      if (frame.kind === 'rst-stream') add(frame.streamId, 'RESET');
      if (frame.kind === 'ping') add(0, `ping ${frame.id}`);
    }
  };
  receive(head);
  socket.on('data', receive).on('error', () => {});
  const sendFrame = (frame: Frame): void => void socket.write(encodeFrame(frame, encoder));
  return {
    protocol,
    open: (headers) => {
      lastId += 2;
      sendFrame({ kind: 'syn-stream', streamId: lastId, isLast: false, priority: 0, headers });
      return lastId;
    },
    send: (streamId, data, isLast = false) =>
      sendFrame({ kind: 'data', streamId, isLast, data: Buffer.from(data) }),
    sendFrame,
    sendBytes: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    heard: (streamId) => texts.get(streamId) ?? '',
    closed: new Promise((resolve) => socket.once('close', () => resolve())), // a reset is an end too
  };
};
