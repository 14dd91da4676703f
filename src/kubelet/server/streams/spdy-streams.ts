// A command's streams over SPDY: the caller opens a stream for each, named by its header `streamtype`
// (k8s.io/kubelet/pkg/cri/streaming/remotecommand/httpstream.go).
import { PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import type { Status } from '../../../k8s/generated/types.ts';
import type { Clock } from '../../../lang/clock.ts';
import { parseSize } from './channels.ts';
import { TerminalSizes } from './command-streams.ts';
import type { CommandStreams, StreamFlags } from './command-streams.ts';
import type { CommandProtocol } from './protocols.ts';
import type { SpdyConnection, SpdyStream } from './spdy-connection.ts';

/** kubelet's --stream-creation-timeout. */
const STREAMS_MS_MAX = 30_000;

type Named = ReadonlyMap<string, SpdyStream>;

/** What to do with the streams of a connection, and its command's streams once all have been opened. */
export const expectStreams = (flags: StreamFlags, protocol: CommandProtocol, clock: Clock) => {
  const expected = expectedNames(flags, protocol);
  const found = new Map<string, SpdyStream>();
  const { promise: all, resolve, reject } = Promise.withResolvers<Named>();
  const timer = clock.after(STREAMS_MS_MAX, () =>
    reject(new Error('timed out waiting for client to create streams')),
  );
  const onStream = (stream: SpdyStream): void => {
    const name = stream.headers['streamtype'] ?? '';
    if (!expected.has(name) || found.has(name)) return void stream.destroy();
    stream.accept();
    found.set(name, stream);
    if (found.size < expected.size) return;
    timer.cancel();
    resolve(found);
  };
  const open = async (connection: SpdyConnection): Promise<CommandStreams> => {
    void connection.gone.then(() => {
      timer.cancel();
      reject(new Error('the caller has gone'));
    });
    return streamsOf(await all, connection, protocol);
  };
  return { onStream, open };
};

const expectedNames = (flags: StreamFlags, protocol: CommandProtocol): ReadonlySet<string> => {
  const names = ['error'];
  for (const name of ['stdin', 'stdout', 'stderr'] as const) if (flags[name]) names.push(name);
  if (flags.tty && protocol >= 'v3') names.push('resize');
  return new Set(names);
};

const streamsOf = (named: Named, connection: SpdyConnection, protocol: CommandProtocol): CommandStreams => {
  const errors = named.get('error')!;
  const [stdout, stderr] = [named.get('stdout'), named.get('stderr')];
  for (const stream of [errors, stdout, stderr]) stream?.resume(); // nothing is said there but the end
  return {
    stdin: named.get('stdin') ?? new PassThrough().end(),
    stdout,
    stderr,
    sizes: sizesOf(named.get('resize')),
    gone: connection.gone,
    finish: async (status) => {
      // Also called when the caller has gone.
      await new Promise<void>((resolve) => void errors.end(statusText(status, protocol), () => resolve()));
      connection.close();
    },
  };
};

/** From v4 on a Status; before, only what went wrong, as text. */
const statusText = (status: Status, protocol: CommandProtocol): string => {
  if (protocol >= 'v4') return JSON.stringify(status);
  return status.status === 'Success' ? '' : (status.message ?? '');
};

/** A JSON object a line. */
const sizesOf = (stream: Readable | undefined): TerminalSizes => {
  const sizes = new TerminalSizes();
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    const lines = (text + chunk.toString()).split('\n');
    text = lines.pop()!.slice(0, LINE_LENGTH_MAX);
    for (const size of lines.map(parseSize)) if (size) sizes.push(size);
  });
  return sizes;
};

const LINE_LENGTH_MAX = 1000;
