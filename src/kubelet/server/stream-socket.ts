// Joins a process's streams to a WebSocket: exec and attach.
import type { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { StreamSession } from '../../runtime/runtime.ts';
import { ERROR, STDERR, STDOUT, exitStatus, failureStatus, frame, parseMessage } from './channels.ts';

export type StreamFlags = {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
};

/** Runs until the process has ended or the client has gone; never rejects. */
export const joinStreams = async (
  socket: WebSocket,
  flags: StreamFlags,
  open: () => Promise<StreamSession>,
): Promise<void> => {
  socket.pause(); // what the client sends before the process is there must wait for it
  socket.on('error', () => {}); // the close that follows is what counts
  // An empty message on the lowest channel tells the client that the connection is there, as kubelet does.
  await send(socket, flags.stdout ? STDOUT : flags.stderr ? STDERR : ERROR, Buffer.alloc(0));
  try {
    const session = await open();
    socket.once('close', session.close);
    listen(socket, flags, session);
    socket.resume();
    await Promise.all([
      flags.stdout ? pump(session.stdout, socket, STDOUT) : session.stdout.resume(),
      session.stderr && (flags.stderr ? pump(session.stderr, socket, STDERR) : session.stderr.resume()),
    ]);
    await sendStatus(socket, exitStatus(await session.exited));
  } catch (error) {
    await sendStatus(socket, failureStatus((error as Error).message));
  }
  socket.resume(); // or the client's answer to the close would not be heard
  socket.close(1000);
};

const listen = (socket: WebSocket, flags: StreamFlags, session: StreamSession): void => {
  const stdin = flags.stdin ? session.stdin : undefined;
  stdin?.on('error', () => {}); // the process closed it: what is typed goes nowhere
  socket.on('message', (message: Buffer) => {
    const parsed = parseMessage(message);
    if (parsed.kind === 'stdin' && stdin) writeWithPause(socket, stdin, parsed.data);
    if (parsed.kind === 'close-stdin') stdin?.end();
    if (parsed.kind === 'resize') session.resize(parsed.columns, parsed.rows);
  });
};

/** A process that does not read slows its client down, and fills no memory. */
const writeWithPause = (socket: WebSocket, stdin: Writable, data: Buffer): void => {
  if (stdin.destroyed || stdin.writableEnded || stdin.write(data) || socket.isPaused) return;
  socket.pause();
  const resume = (): void => {
    stdin.off('drain', resume).off('close', resume);
    socket.resume();
  };
  stdin.on('drain', resume).on('close', resume);
};

const pump = async (stream: Readable, socket: WebSocket, channel: number): Promise<void> => {
  for await (const chunk of stream) await send(socket, channel, chunk as Buffer);
};

/** Resolves when the message has been handed to the kernel: so a slow client slows the process down. */
const send = (socket: WebSocket, channel: number, data: Uint8Array): Promise<void> =>
  new Promise((resolve) => socket.send(frame(channel, data), () => resolve()));

const sendStatus = (socket: WebSocket, status: object): Promise<void> =>
  send(socket, ERROR, Buffer.from(JSON.stringify(status)));
