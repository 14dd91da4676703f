// The background work of the proxy: rules that someone else removed or changed are put back, chains without use go.
//
// The kernel counts the transactions of everyone (the generation). While it moves as fast as this thread writes, nobody
// else has written, and there is nothing to look at. When others have, everything is read and compared, but seldom.
import { ownTransactions } from '../kernel/nft.ts';
import { openNftGeneration } from '../kernel/nft-generation.ts';
import type { Clock, Timer } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { cleanupFailures } from './metrics.ts';
import type { ServiceSync } from './service-sync.ts';

export type UpkeepOptions = {
  readonly sync: Pick<ServiceSync, 'isSuspect' | 'verify' | 'collect' | 'restart'>;
  readonly mark: (service: string) => void;
  readonly clock: Clock;
  readonly log: Log;
};

const LOOK_MS = 500;
const COLLECT_MS = 30_000;
/** Between two repairs on suspicion: a Service that the kernel refuses for ever must not bring them about without end. */
const SUSPICION_MS = 60_000;
/** Of the thread's time, what reading everything may take at most: 1 part in 50. */
const READING_SHARE = 50;

/** Starts in the network namespace of the tables; returns the end of it. */
export const startUpkeep = (options: UpkeepOptions): (() => void) => {
  const upkeep = new Upkeep(options);
  return () => upkeep.stop();
};

class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #generation = openNftGeneration();
  /** The generation while everything was as written, less the own transactions until then. */
  #trusted = this.#offset();
  #nextReadMs = 0;
  #nextCollectMs: number;
  #timer: Timer;
  #isStopped = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#nextCollectMs = options.clock.now() + COLLECT_MS;
    this.#timer = options.clock.after(LOOK_MS, () => void this.#run());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.cancel();
    this.#generation.close();
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await this.#look();
      this.#collect();
    } catch (error) {
      log.warn({ err: error }, 'service tables not looked after');
    }
    if (!this.#isStopped) this.#timer = clock.after(LOOK_MS, () => void this.#run());
  }

  async #look(): Promise<void> {
    const { sync, clock } = this.#options;
    const offset = this.#offset();
    const isSuspect = sync.isSuspect();
    if ((offset === this.#trusted && !isSuspect) || clock.now() < this.#nextReadMs) return;
    const startMs = clock.now();
    const isAsWritten = await sync.verify();
    const pauseMs = isSuspect ? SUSPICION_MS : (clock.now() - startMs) * READING_SHARE;
    this.#nextReadMs = clock.now() + pauseMs;
    if (isAsWritten === undefined || this.#isStopped) return;
    if (!isAsWritten) this.#repair();
    this.#trusted = offset;
  }

  #offset(): number {
    return this.#generation.read() - ownTransactions();
  }

  #repair(): void {
    const { sync, mark, log } = this.#options;
    log.warn({}, 'the service tables are not as they were written, putting them right');
    for (const service of sync.restart()) mark(service);
  }

  #collect(): void {
    const { sync, clock } = this.#options;
    if (clock.now() < this.#nextCollectMs) return;
    this.#nextCollectMs = clock.now() + COLLECT_MS;
    try {
      sync.collect();
    } catch (error) {
      cleanupFailures.inc(1);
      throw error;
    }
  }
}
