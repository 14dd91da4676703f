// Port forwarding over SPDY: a pair of streams, `data` and `error`, for each connection of the caller
// (k8s.io/kubelet/pkg/cri/streaming/portforward/httpstream.go).
import type { Duplex, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock, Timer } from '../../../lang/clock.ts';
import type { PodRuntime } from '../../../runtime/runtime.ts';
import type { SpdyStream } from './spdy-connection.ts';

export type PortForward = {
  /** Opens a connection to a port of the pod. */
  readonly open: (port: number) => ReturnType<PodRuntime['portForward']>;
  /** The pod's name as messages have it: `NAME_NAMESPACE`. */
  readonly podName: string;
  readonly clock: Clock;
};

type Pair = { readonly timer: Timer; readonly data?: SpdyStream; readonly error?: SpdyStream };

/** kubelet's --stream-creation-timeout. */
const PAIR_MS_MAX = 30_000;

/** What to do with the streams of a connection. */
export const forwardPairs = (forward: PortForward): ((stream: SpdyStream) => void) => {
  const pairs = new Map<string, Pair>();
  return (stream) => {
    const { streamtype: type, port } = stream.headers;
    if ((type !== 'data' && type !== 'error') || !isPort(port)) return void stream.destroy();
    const id = requestId(stream, type);
    const pair = { ...(pairs.get(id) ?? newPair(pairs, id, forward.clock)), [type]: stream };
    stream.accept();
    pairs.set(id, pair);
    if (!pair.data || !pair.error) return;
    pair.timer.cancel();
    pairs.delete(id);
    pair.error.resume(); // the caller says nothing there
    void carry(forward, Number(pair.data.headers['port']), pair.data, pair.error);
  };
};

const isPort = (text: string | undefined): boolean =>
  /^\d{1,5}$/.test(text ?? '') && Number(text) > 0 && Number(text) < 65536;

/** Old callers name none: their error stream is opened right before the data stream. */
const requestId = ({ headers, id }: SpdyStream, type: 'data' | 'error'): string =>
  headers['requestid'] ?? String(type === 'error' ? id : id - 2);

const newPair = (pairs: Map<string, Pair>, id: string, clock: Clock): Pair => ({
  timer: clock.after(PAIR_MS_MAX, () => {
    const { data, error } = pairs.get(id) ?? {};
    pairs.delete(id);
    error?.end('timed out waiting for streams');
    data?.destroy();
  }),
});

/** Connects one caller's connection with the pod until both have ended; what could not be done goes to `errors`. */
export const carry = async (
  { open, podName, clock }: PortForward,
  port: number,
  data: Duplex,
  errors: Writable,
): Promise<void> => {
  try {
    const pod = await open(port);
    await exchange(data, pod, clock);
    pod.close();
  } catch (error) {
    errors.write(`error forwarding port ${port} to pod ${podName}, uid : ${(error as Error).message}`);
    data.resume();
  }
  data.end();
  errors.end();
};

/** As containerd: what the caller still says when the pod has ended is taken for this long. */
const LATE_MS = 1000;

/** Each side's end is passed on by itself. A reset in the middle is an end, and no fault of the forwarding. */
const exchange = async (
  data: Duplex,
  pod: Awaited<ReturnType<PortForward['open']>>,
  clock: Clock,
): Promise<void> => {
  const asked = pipeline(data, pod.writable).catch(() => pod.close());
  await pipeline(pod.readable, data).catch(() => data.destroy());
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(LATE_MS, resolve);
  await Promise.race([asked, late]);
  timer.cancel();
};
