// A command's streams over a WebSocket: v5.channel.k8s.io and v4.channel.k8s.io (KEP-4006).
import { PassThrough, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { CommandStreams, StreamFlags } from './command-streams.ts';
import { TerminalSizes } from './command-streams.ts';
import { ERROR, STDERR, STDOUT, frame, parseMessage } from './channels.ts';

/** An empty message on the lowest channel tells the caller that the connection is there, as kubelet does. */
export const openWebSocketStreams = async (
  socket: WebSocket,
  flags: StreamFlags,
): Promise<CommandStreams> => {
  socket.on('error', () => {}); // the close that follows is what counts
  const stdin = new PassThrough();
  const sizes = new TerminalSizes();
  const gone = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  listen(socket, stdin, sizes);
  await send(socket, flags.stdout ? STDOUT : flags.stderr ? STDERR : ERROR, Buffer.alloc(0));
  return {
    stdin,
    stdout: flags.stdout ? channel(socket, STDOUT) : undefined,
    stderr: flags.stderr ? channel(socket, STDERR) : undefined,
    sizes,
    gone,
    finish: async (status) => {
      await send(socket, ERROR, Buffer.from(JSON.stringify(status)));
      stdin.destroy();
      socket.resume(); // or the caller's answer to the close would not be heard
      socket.close(1000);
    },
  };
};

const listen = (socket: WebSocket, stdin: PassThrough, sizes: TerminalSizes): void => {
  stdin.on('drain', () => socket.resume());
  stdin.on('error', () => {});
  socket.on('message', (message: Buffer) => {
    const parsed = parseMessage(message);
    if (parsed.kind === 'stdin') write(socket, stdin, parsed.data);
    if (parsed.kind === 'close-stdin') stdin.end();
    if (parsed.kind === 'resize') sizes.push(parsed);
  });
  socket.once('close', () => stdin.end());
};

/** A process that does not read slows its caller down, and fills no memory. */
const write = (socket: WebSocket, stdin: PassThrough, data: Buffer): void => {
  if (stdin.writable && !stdin.write(data)) socket.pause();
};

/** A slow caller slows the process down: the next chunk is taken when this one is in the kernel's hands. */
const channel = (socket: WebSocket, number: number): Writable =>
  new Writable({
    write: (data: Buffer, _encoding, done) => void send(socket, number, data).then(() => done()),
  });

/** Also resolves when the caller has gone: then it is told to `gone`. */
const send = (socket: WebSocket, number: number, data: Uint8Array): Promise<void> =>
  new Promise((resolve) => socket.send(frame(number, data), () => resolve()));
