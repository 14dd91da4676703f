// Reads the body of an HTTP/2 answer.
import { constants } from 'node:http2';
import type { ClientHttp2Stream } from 'node:http2';

/**
 * Yields what comes until the server has ended it; throws where the connection was lost before. Leaves no stream behind,
 * also when nobody reads on.
 *
 * Not the stream's own iterator: that one asks `stream.closed`, which for HTTP/2 says that the frames are over and not
 * that they have been read. On a busy thread the whole answer is there before anybody reads it, and the iterator calls
 * it a premature close (Node 24.21, end-of-stream.js).
 */
export async function* answerBody(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array, void> {
  try {
    while (!stream.destroyed && !stream.readableEnded) {
      const chunk = stream.read() as Uint8Array | null;
      if (chunk !== null) yield chunk;
      else await change(stream);
    }
    if (stream.errored) throw stream.errored;
    // Node ends the stream without an error when the session goes away under it.
    if (!stream.readableEnded || stream.rstCode !== constants.NGHTTP2_NO_ERROR)
      throw new Error('connection lost in the middle of an answer');
  } finally {
    stream.destroy();
  }
}

const CHANGES = ['readable', 'end', 'close'] as const;

/** Resolves when there is something to read, or nothing more to come. */
const change = (stream: ClientHttp2Stream): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      for (const event of CHANGES) stream.off(event, done);
      resolve();
    };
    for (const event of CHANGES) stream.on(event, done);
  });
