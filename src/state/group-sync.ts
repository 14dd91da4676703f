// Flushes a file for many writes at once: while one flush is on its way, all that is written waits for the next.
import { fdatasync } from 'node:fs';
import { promisify } from 'node:util';

export type Flush = (fd: number) => Promise<void>;

type Waiter = {
  readonly revision: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

export type GroupSyncOptions = {
  readonly fd: number;
  /** All up to this one is on the disk already. */
  readonly settled: number;
  /** Puts all that has been written into the file. */
  readonly commit: () => void;
  readonly flush?: Flush | undefined;
  /** After a flush, and before those who waited for it go on. Not to be called any more after a failure. */
  readonly onSettled: () => void;
  /** A commit or a flush failed: what is on the disk is not known any more (fsync says so only once). */
  readonly onFailure: (error: unknown) => void;
};

export class GroupSync {
  readonly #options: GroupSyncOptions;
  readonly #flush: Flush;
  #waiters: Waiter[] = [];
  #written: number;
  #settled: number;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: GroupSyncOptions) {
    this.#options = options;
    this.#flush = options.flush ?? promisify(fdatasync);
    this.#written = options.settled;
    this.#settled = options.settled;
  }

  get settled(): number {
    return this.#settled;
  }

  wrote(revision: number): void {
    this.#written = revision;
    this.#running ??= this.#run();
  }

  whenSettled(revision: number): Promise<void> {
    if (revision <= this.#settled) return Promise.resolve();
    if (this.#failure) return Promise.reject(this.#failure.error);
    return new Promise((resolve, reject) => this.#waiters.push({ revision, resolve, reject }));
  }

  /** Resolves when no flush is on its way and none is due. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#settled < this.#written) {
        await new Promise(setImmediate); // the requests that have come by now are to share the flush
        const target = this.#written;
        this.#options.commit();
        await this.#flush(this.#options.fd);
        this.#settled = target;
        this.#options.onSettled();
        this.#release((waiter) => waiter.resolve());
      }
    } catch (error) {
      this.#failure = { error };
      this.#options.onFailure(error);
      for (const { reject } of this.#waiters.splice(0)) reject(error);
    } finally {
      this.#running = undefined;
    }
  }

  #release(go: (waiter: Waiter) => void): void {
    const ready = this.#waiters.filter(({ revision }) => revision <= this.#settled);
    this.#waiters = this.#waiters.filter(({ revision }) => revision > this.#settled);
    for (const waiter of ready) go(waiter);
  }
}
