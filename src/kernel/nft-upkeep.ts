// Background work for tables that others may write to: what someone else removed or changed is put back.
//
// The kernel counts the transactions of everyone (the generation). While it moves as fast as this thread writes, nobody
// else has written, and there is nothing to look at. When others have, everything is read and compared, but seldom.
import type { Clock, Timer } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { openNftGeneration } from './nft-generation.ts';
import { ownTransactions } from './nft.ts';

export type UpkeepOptions = {
  /** For the log: `the service tables`. */
  readonly what: string;
  /** Whether the tables are to be read although nobody else has written. */
  readonly isSuspect?: () => boolean;
  /** Whether the kernel has what was written; undefined if that cannot be said now. */
  readonly verify: () => Promise<boolean | undefined>;
  readonly repair: () => void;
  /** What else is to be done now and then: called with each look. */
  readonly chores?: () => void;
  readonly clock: Clock;
  readonly log: Log;
};

const LOOK_MS = 500;
/** Between two repairs on suspicion: what the kernel refuses for ever must not bring them about without end. */
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
  #timer: Timer;
  #isStopped = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#timer = options.clock.after(LOOK_MS, () => void this.#run());
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer.cancel();
    this.#generation.close();
  }

  async #run(): Promise<void> {
    const { what, chores, clock, log } = this.#options;
    try {
      await this.#look();
      if (!this.#isStopped) chores?.();
    } catch (error) {
      log.warn({ err: error }, `${what} not looked after`);
    }
    if (!this.#isStopped) this.#timer = clock.after(LOOK_MS, () => void this.#run());
  }

  async #look(): Promise<void> {
    const { what, isSuspect, verify, repair, clock, log } = this.#options;
    const offset = this.#offset();
    const suspects = isSuspect?.() ?? false;
    if ((offset === this.#trusted && !suspects) || clock.now() < this.#nextReadMs) return;
    const startMs = clock.now();
    const isAsWritten = await verify();
    const pauseMs = suspects ? SUSPICION_MS : (clock.now() - startMs) * READING_SHARE;
    this.#nextReadMs = clock.now() + pauseMs;
    if (isAsWritten === undefined || this.#isStopped) return;
    if (!isAsWritten) {
      log.warn({}, `${what} are not as they were written, putting them right`);
      repair();
    }
    this.#trusted = offset;
  }

  #offset(): number {
    return this.#generation.read() - ownTransactions();
  }
}
