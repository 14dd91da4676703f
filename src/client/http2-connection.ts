// One HTTP/2 session to an API server: opened when it is needed, opened anew when it is lost, given up when the server
// does not answer pings. The socket belongs to the calling thread, and with it to that thread's network namespace;
// the server is an IP address, so no name is looked up.
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Clock, Timer } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';

export type ConnectionOptions = {
  /** `https://10.0.0.1:6443` or `https://[fd00::1]:6443`: an address, never a name. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  /** How long the response headers may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type Request = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string | undefined;
};

/** An answer whose headers have come; destroy the stream to give up the rest. */
export type Answer = { readonly status: number; readonly stream: ClientHttp2Stream };

// client-go: ReadIdleTimeout 30 s, PingTimeout 15 s (HTTP2_READ_IDLE_TIMEOUT_SECONDS); an embedded server is nearer.
const PING_INTERVAL_MS = 15_000;
const PING_TIMEOUT_MS = 10_000;
// HTTP/2's default of 64 KiB makes a long list wait for a round trip every 64 KiB.
const STREAM_WINDOW_BYTES = 4 << 20;
const SESSION_WINDOW_BYTES = 16 << 20;

/** Owns the session. Errors name the method, the path and the server; the network's error is their `cause`. */
export class Http2Connection {
  readonly #options: ConnectionOptions;
  #session: ClientHttp2Session | undefined;
  #pinging: Timer | undefined;
  #closed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Sends and waits for the headers. A GET whose session breaks before that is sent once more. */
  async send(request: Request): Promise<Answer> {
    try {
      return await this.#sendOnce(request);
    } catch (error) {
      if (request.method !== 'GET' || this.#closed || error instanceof TimeoutError) throw error;
      return this.#sendOnce(request);
    }
  }

  /** Ends the session at once; requests on their way fail, and so does every later one. */
  close(): void {
    this.#closed = true;
    this.#session?.destroy();
  }

  async #sendOnce(request: Request): Promise<Answer> {
    const what = `${request.method} ${this.#options.server}${request.path}`;
    if (this.#closed) throw new Error(`${what}: the client is closed`);
    const stream = this.#open(request);
    try {
      return { status: await this.#headersOf(stream), stream };
    } catch (error) {
      stream.destroy();
      if (error instanceof TimeoutError) throw new TimeoutError(`${what}: ${error.message}`);
      throw new Error(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }

  #open({ method, path, headers, body }: Request): ClientHttp2Stream {
    const pseudo = { [constants.HTTP2_HEADER_METHOD]: method, [constants.HTTP2_HEADER_PATH]: path };
    const stream = this.#live().request({ ...pseudo, ...headers }, { endStream: body === undefined });
    stream.on('error', () => {}); // told to whoever waits for the headers or reads the body
    if (body !== undefined) stream.end(body);
    return stream;
  }

  #headersOf(stream: ClientHttp2Stream): Promise<number> {
    const { clock, timeoutMs } = this.#options;
    return new Promise<number>((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => reject(new TimeoutError(`no answer in ${timeoutMs} ms`)));
      stream.once('response', (headers) => {
        timer.cancel();
        resolve(Number(headers[constants.HTTP2_HEADER_STATUS]));
      });
      stream.once('error', reject);
      stream.once('close', () => {
        timer.cancel();
        reject(new Error('connection lost'));
      });
    });
  }

  #live(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const { server, ca, certificate, key } = this.#options;
    const session = connect(server, {
      ca,
      ...(certificate && key ? { cert: certificate, key } : {}),
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
    });
    session.once('connect', () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
    session.on('error', (error) => this.#options.log.debug({ server, err: error }, 'session failed'));
    session.once('close', () => this.#forget(session));
    this.#session = session;
    this.#pingLater(session);
    return session;
  }

  #forget(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#pinging?.cancel();
  }

  #pingLater(session: ClientHttp2Session): void {
    this.#pinging?.cancel();
    this.#pinging = this.#options.clock.after(PING_INTERVAL_MS, () => this.#ping(session));
  }

  #ping(session: ClientHttp2Session): void {
    if (session.destroyed) return;
    const giveUp = (): void => session.destroy(new Error(`no answer to a ping in ${PING_TIMEOUT_MS} ms`));
    const deadline = this.#options.clock.after(PING_TIMEOUT_MS, giveUp);
    const answered = (error: Error | null): void => {
      deadline.cancel();
      if (!error) this.#pingLater(session);
    };
    if (session.connecting || !session.ping(answered)) {
      deadline.cancel();
      giveUp();
    }
  }
}

class TimeoutError extends Error {}
