// Passes requests on to another HTTP/1.1 server: a node agent, a pod, a Service's endpoint.
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import type { ApiError } from '../../k8s/api-error.ts';

export type UpstreamLocation = {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
};

export type UpstreamRequest = {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Readable;
  /** Calls its listener when nobody waits for the answer any more. */
  readonly onClose?: (listener: () => void) => void;
};

export type Tunnel = {
  /** 101 with `socket`, or the refusal. */
  readonly answer: IncomingMessage;
  readonly socket: Duplex | undefined;
  /** What came on the socket right behind the answer. */
  readonly head: Buffer;
};

export type Upstream = {
  /** Resolves with the head of the answer; its body is still to be read, or destroyed. */
  readonly send: (location: UpstreamLocation, request: UpstreamRequest) => Promise<IncomingMessage>;
  readonly upgrade: (location: UpstreamLocation, request: UpstreamRequest) => Promise<Tunnel>;
};

export type UpstreamOptions = {
  /** node:http's or node:https's, with its agent. */
  readonly open: (options: RequestOptions) => ClientRequest;
  /** How long it may take until what the timeout waits for is there. */
  readonly timeoutMs: number;
  readonly waitsFor: 'connection' | 'answer';
  readonly failed: (location: UpstreamLocation, error: NodeJS.ErrnoException) => ApiError;
};

/** Rejects with the ApiError that `failed` makes of what went wrong. */
export const createUpstream = ({ open, timeoutMs, waitsFor, failed }: UpstreamOptions): Upstream => {
  const begin = (
    { host, port, path }: UpstreamLocation,
    { method, headers, body, onClose }: UpstreamRequest,
  ) => {
    const request = open({ host, port, path, method, headers: { ...headers } as RequestOptions['headers'] });
    const giveUp = setTimeout(
      () => request.destroy(new Error(`no ${waitsFor} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    const stop = (): void => clearTimeout(giveUp);
    for (const event of ['close', 'response', 'upgrade']) request.once(event, stop);
    if (waitsFor === 'connection') request.once('socket', (socket) => socket.once('connect', stop));
    onClose?.(() => request.destroy(new Error('the client has gone')));
    return body ? body.pipe(request) : request.end();
  };
  return {
    send: (location, options) =>
      new Promise((resolve, reject) => {
        const request = begin(location, options);
        request.once('response', resolve);
        request.on('error', (error) => reject(failed(location, error)));
      }),
    upgrade: (location, options) =>
      new Promise((resolve, reject) => {
        const request = begin(location, options);
        request.once('upgrade', (answer, socket, head) => resolve({ answer, socket, head }));
        request.once('response', (answer) => resolve({ answer, socket: undefined, head: Buffer.alloc(0) }));
        request.on('error', (error) => reject(failed(location, error)));
      }),
  };
};
