// Which protocol a stream speaks: WebSocket with channels (KEP-4006), SPDY/3.1, or SPDY/3.1 inside of a WebSocket.
import type { IncomingHttpHeaders } from 'node:http';
import { HttpProblem } from '../container-lookup.ts';

/** The rules of exec and attach. v3 brought the terminal's size, v4 the Status, v5 the end of stdin over WebSocket. */
export type CommandProtocol = 'v1' | 'v2' | 'v3' | 'v4' | 'v5';

export type Negotiated = {
  readonly transport: 'web-socket' | 'spdy' | 'spdy-in-web-socket';
  /** As on the wire. */
  readonly name: string;
};

export type Purpose = 'command' | 'port-forward';

const SPDY = 'SPDY/3.1';
const TUNNELLED_SPDY = 'SPDY/3.1+portforward.k8s.io';
const CHANNELS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

const WEB_SOCKET: Readonly<Record<Purpose, readonly string[]>> = {
  command: CHANNELS,
  'port-forward': [TUNNELLED_SPDY, ...CHANNELS],
};
const SPDY_STREAMS: Readonly<Record<Purpose, readonly string[]>> = {
  command: [...CHANNELS, 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'],
  'port-forward': ['portforward.k8s.io'],
};

/** Throws HttpProblem in kubelet's words (k8s.io/kubelet/pkg/cri/streaming, apimachinery's httpstream). */
export const negotiate = (headers: IncomingHttpHeaders, purpose: Purpose): Negotiated => {
  if (headers.upgrade?.toLowerCase() === 'websocket') {
    const name = choose(listOf(headers['sec-websocket-protocol']), WEB_SOCKET[purpose]);
    return { transport: name === TUNNELLED_SPDY ? 'spdy-in-web-socket' : 'web-socket', name };
  }
  if (headers.upgrade !== SPDY) throw new HttpProblem(400, 'Upgrade request required');
  const offered = listOf(headers['x-stream-protocol-version']);
  if (offered.length === 0)
    throw new HttpProblem(400, 'unable to upgrade: X-Stream-Protocol-Version is required');
  return { transport: 'spdy', name: choose(offered, SPDY_STREAMS[purpose]) };
};

const listOf = (header: string | string[] | undefined): readonly string[] =>
  [header ?? []]
    .flat()
    .flatMap((text) => text.split(','))
    .map((text) => text.trim())
    .filter(Boolean);

/** The first of the caller's that is ours, too: it names them from the newest on. */
const choose = (offered: readonly string[], ours: readonly string[]): string => {
  const name = offered.find((each) => ours.includes(each));
  if (name !== undefined) return name;
  const lists = `client supports [${offered.join(' ')}], server accepts [${ours.join(' ')}]`;
  throw new HttpProblem(403, `unable to upgrade: unable to negotiate protocol: ${lists}`);
};

export const commandProtocol = (name: string): CommandProtocol =>
  name === 'channel.k8s.io' ? 'v1' : (name.slice(0, 2) as CommandProtocol);
