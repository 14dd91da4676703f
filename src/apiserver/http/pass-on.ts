// An answer of another server as ours, as it comes.
import type { IncomingMessage } from 'node:http';
import type { Answer, Outgoing } from './exchange.ts';

type Headers = Readonly<Record<string, string | string[]>>;

export const passOn = (from: IncomingMessage, code: number, headers: Headers): Answer => ({
  kind: 'stream',
  start: (to) => {
    to.writeHead(code, headers);
    to.flushHeaders();
    copy(from, to);
  },
  abandon: () => void from.destroy(),
});

/** Pages are small; one that is not is passed on as it is. */
const TEXT_BYTES_MAX = 4 << 20;

/** The text as `change` makes it, if it is not too long. */
export const passOnText = (
  from: IncomingMessage,
  code: number,
  headers: Headers,
  change: (text: string) => string,
): Answer => {
  const start = async (to: Outgoing): Promise<void> => {
    to.writeHead(code, headers);
    to.on('close', () => from.destroy());
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > TEXT_BYTES_MAX) break;
    }
    const text = Buffer.concat(chunks);
    if (from.readableEnded) return void to.end(change(text.toString()));
    to.write(text);
    copy(from, to);
  };
  return {
    kind: 'stream',
    start: (to) => void start(to).catch(() => to.destroy()),
    abandon: () => void from.destroy(),
  };
};

const copy = (from: IncomingMessage, to: Outgoing): void => {
  to.on('close', () => from.destroy());
  to.on('drain', () => from.resume());
  from.on('data', (chunk: Buffer) => {
    if (!to.write(chunk)) from.pause();
  });
  from.once('end', () => to.end());
  from.once('error', () => to.destroy());
};
