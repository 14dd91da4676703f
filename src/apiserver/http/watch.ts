// One watch: the registry's events written to one client as lines of JSON or frames of protobuf, until its time is over, the
// client goes away, or it reads so slowly that keeping it would cost memory.
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Registry, RegistryEvent, WatchQuery } from '../registry.ts';
import { STREAM_TYPES } from './encodings.ts';
import type { EventFrames, StreamPresentation } from './event-frames.ts';
import type { Outgoing, StreamAnswer } from './exchange.ts';
import type { FrameOutbox, FrameReader } from './frame-outbox.ts';

const BOOKMARK_MS = 60_000;
// kube-apiserver's --min-request-timeout: between this and twice this, so that clients do not all come back at once.
const TIMEOUT_MS_MIN = 30 * 60_000;
/** How far a client may fall behind, beyond the state that it was sent first. */
const BACKLOG_BYTES_MAX = 8 << 20;

export type WatchOptions = {
  readonly registry: Registry;
  readonly presentation: StreamPresentation;
  readonly query: WatchQuery;
  readonly timeoutSeconds: number | undefined;
  readonly frames: EventFrames;
  readonly outbox: FrameOutbox;
  readonly clock: Clock;
  readonly log: Log;
};

/** Throws ApiError, before anything is written, when the registry refuses the watch (410 Expired). */
export const startWatch = (options: WatchOptions): StreamAnswer => {
  const session = new WatchSession(options);
  return {
    kind: 'stream',
    start: (response) => session.connect(response),
    abandon: () => session.end(),
  };
};

class WatchSession implements FrameReader {
  readonly #options: WatchOptions;
  readonly #watch: { readonly stop: () => void };
  readonly #timeoutMs: number;
  /** Events that came before the client was connected. */
  #early: Uint8Array[] = [];
  #response: Outgoing | undefined;
  #timers: Timer[] = [];
  #isFirst = true;
  #isBeginning = true;
  #backlogMax = BACKLOG_BYTES_MAX;
  #drains = 0;
  #done = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutSeconds
      ? options.timeoutSeconds * 1000
      : TIMEOUT_MS_MIN * (1 + Math.random());
    this.#watch = options.registry.watch(options.presentation.kind, options.query, {
      event: (event) => this.#deliver(event),
      isOutside: true,
      end: () => this.#close(),
    });
    this.#isBeginning = false;
    if (this.#done) this.#watch.stop(); // it failed before it was there to be stopped
  }

  connect(response: Outgoing): void {
    this.#response = response;
    response.on('close', () => this.end());
    response.on('drain', () => this.#drains++);
    response.writeHead(200, {
      'content-type': STREAM_TYPES[this.#options.presentation.encoding],
      'cache-control': 'no-cache, private',
    });
    response.flushHeaders(); // clients wait for the head before they trust the watch
    if (this.#early.length > 0) response.write(Buffer.concat(this.#early.splice(0)));
    this.#backlogMax += response.writableLength;
    if (this.#done) return void response.end();
    this.#timers.push(this.#options.clock.after(this.#timeoutMs, () => this.#finish()));
    this.#tickLater(this.#drains);
  }

  /** Idempotent. */
  end(): void {
    if (this.#done) return;
    this.#done = true;
    this.#watch?.stop();
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
  }

  /** Of the outbox: what has come in this turn. */
  send(bytes: Uint8Array): void {
    if (this.#done) return;
    const response = this.#response!;
    response.write(bytes);
    if (response.writableLength > this.#backlogMax) this.#drop('it reads too slowly');
  }

  #deliver(event: RegistryEvent): void {
    if (this.#done) return;
    // We are inside someone else's write here: what goes wrong is this watcher's own trouble.
    try {
      this.#write(this.#frameOf(event));
    } catch (error) {
      return this.#drop(`event not sent: ${error}`);
    }
    if (event.type !== 'BOOKMARK') this.#isFirst = false;
    if (event.type === 'ERROR') this.#close();
  }

  #frameOf(event: RegistryEvent): Uint8Array {
    const { frames, presentation, clock } = this.#options;
    const now = presentation.form.as === 'Table' ? { ...presentation, nowMs: clock.now() } : presentation;
    return frames.frameOf(now, event, { isFirst: this.#isFirst, isBeginning: this.#isBeginning });
  }

  #write(frame: Uint8Array): void {
    if (this.#response) this.#options.outbox.add(this, frame);
    else this.#early.push(frame);
  }

  #tickLater(drainsBefore: number): void {
    this.#timers[1] = this.#options.clock.after(BOOKMARK_MS, () => {
      if (this.#response!.writableLength > 0 && this.#drains === drainsBefore)
        return this.#drop('it has read nothing for a minute');
      this.#bookmark();
      if (!this.#done) this.#tickLater(this.#drains);
    });
  }

  #bookmark(): void {
    if (!this.#options.query.allowWatchBookmarks) return;
    const resourceVersion = this.#options.registry.settledRevision();
    this.#deliver({ type: 'BOOKMARK', resourceVersion, initialEventsEnd: false });
  }

  #finish(): void {
    this.#bookmark();
    this.#close();
  }

  #close(): void {
    const last = this.#options.outbox.take(this);
    this.end();
    this.#response?.end(last);
  }

  #drop(why: string): void {
    this.#options.log.warn(
      { resource: this.#options.presentation.kind.resource.resource, why },
      'dropped a watcher',
    );
    this.end();
    this.#response?.destroy();
  }
}
