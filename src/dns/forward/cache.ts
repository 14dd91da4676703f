// Answers of others, kept as long as they allow (RFC 2181 5.2, RFC 2308 5), and some time longer for when nobody answers
// (RFC 8767). The least recently used goes first.
import { RCODE, TYPE } from '../../wire/dns/constants.ts';
import type { Message, ResourceRecord } from '../../wire/dns/message.ts';
import type { Clock } from '../../lang/clock.ts';
import type { CacheOptions } from './forward-zone.ts';

const ENTRIES_MAX = 10_000;
/** A failure is not asked for again at once, by as many clients as there are (RFC 9520 3.2). */
const FAILURE_SECONDS = 1;
/** RFC 8767 4 and 5. */
const STALE_TTL_SECONDS = 30;
const RECHECK_MS = 30_000;
/** In the last tenth of its life an answer that is in use is asked for anew; not one that lives for seconds only. */
const PREFETCH_SHARE = 0.1;
const PREFETCH_SECONDS_MIN = 10;

type Entry = {
  readonly message: Message;
  readonly storedMs: number;
  readonly expiresMs: number;
  hits: number;
  /** Of a stale one: nobody is asked before. */
  recheckMs: number;
};

export type Hit =
  | { readonly kind: 'fresh'; readonly message: Message; readonly wantsRefresh: boolean }
  /** For want of a better one. `isFinal`: it was in vain a moment ago. */
  | { readonly kind: 'stale'; readonly message: Message; readonly isFinal: boolean };

export class AnswerCache {
  readonly #clock: Clock;
  readonly #options: CacheOptions;
  readonly #entryByKey = new Map<string, Entry>();

  constructor(clock: Clock, options: CacheOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** The message with what is left of its times. */
  get(key: string): Hit | undefined {
    const entry = this.#entryByKey.get(key);
    if (!entry) return undefined;
    this.#entryByKey.delete(key);
    const nowMs = this.#clock.now();
    if (nowMs >= entry.expiresMs + this.#staleMs(entry)) return undefined;
    this.#entryByKey.set(key, entry); // the newest is the last
    if (nowMs >= entry.expiresMs) {
      const message = withTimes(entry.message, () => STALE_TTL_SECONDS);
      return { kind: 'stale', message, isFinal: nowMs < entry.recheckMs };
    }
    entry.hits++;
    return { kind: 'fresh', message: aged(entry, nowMs), wantsRefresh: this.#wantsRefresh(entry, nowMs) };
  }

  /** As long as the message allows; not at all if it says so. */
  set(key: string, message: Message): void {
    const seconds = lifetimeSeconds(message, this.#options);
    if (seconds <= 0) return;
    const oldest = this.#entryByKey.keys().next();
    if (this.#entryByKey.size >= ENTRIES_MAX && !oldest.done) this.#entryByKey.delete(oldest.value);
    const storedMs = this.#clock.now();
    const expiresMs = storedMs + seconds * 1000;
    this.#entryByKey.delete(key);
    this.#entryByKey.set(key, { message, storedMs, expiresMs, hits: 0, recheckMs: 0 });
  }

  /** Whoever was asked for it did not answer. Returns whether there is an answer to stay with. */
  postpone(key: string): boolean {
    const entry = this.#entryByKey.get(key);
    const nowMs = this.#clock.now();
    if (!entry || nowMs >= entry.expiresMs + this.#staleMs(entry)) return false;
    entry.recheckMs = nowMs + RECHECK_MS;
    return true;
  }

  #staleMs({ message }: Entry): number {
    return isFailure(message) ? 0 : this.#options.staleSecondsMax * 1000;
  }

  #wantsRefresh(entry: Entry, nowMs: number): boolean {
    const lifeMs = entry.expiresMs - entry.storedMs;
    const { prefetchHits } = this.#options;
    if (prefetchHits === 0 || entry.hits < prefetchHits || lifeMs < PREFETCH_SECONDS_MIN * 1000) return false;
    return entry.expiresMs - nowMs <= lifeMs * PREFETCH_SHARE;
  }
}

/** No answer: one that is neither yes nor no. */
export const isFailure = ({ flags }: Message): boolean =>
  flags.rcode !== RCODE.NOERROR && flags.rcode !== RCODE.NXDOMAIN;

/** Neither records nor a name. */
export const isDenial = ({ flags, answers }: Message): boolean =>
  flags.rcode === RCODE.NXDOMAIN || answers.length === 0;

/** 0: not to be kept. */
export const lifetimeSeconds = (message: Message, options: CacheOptions): number => {
  const { flags, answers, authorities } = message;
  if (flags.tc) return 0;
  if (isFailure(message)) return FAILURE_SECONDS;
  const times = answers.map(({ ttlSeconds }) => ttlSeconds);
  if (!isDenial(message)) return Math.min(options.positiveSecondsMax, ...times);
  const soa = authorities.find(({ type }) => type === TYPE.SOA);
  if (soa?.data.kind !== 'soa') return 0; // nobody says how long the no holds
  return Math.min(options.negativeSecondsMax, soa.ttlSeconds, soa.data.minimumSeconds, ...times);
};

const aged = ({ message, storedMs }: Entry, nowMs: number): Message => {
  const seconds = Math.floor((nowMs - storedMs) / 1000);
  return seconds === 0 ? message : withTimes(message, (record) => Math.max(0, record.ttlSeconds - seconds));
};

const withTimes = (message: Message, timeOf: (record: ResourceRecord) => number): Message => {
  const change = (record: ResourceRecord): ResourceRecord => ({ ...record, ttlSeconds: timeOf(record) });
  return {
    ...message,
    answers: message.answers.map(change),
    authorities: message.authorities.map(change),
    additionals: message.additionals.map(change),
  };
};
