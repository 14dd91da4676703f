// Answers of others, kept as long as they allow (RFC 2181 5.2, RFC 2308 5). The least recently used goes first.
import { RCODE, TYPE } from '../../wire/dns/constants.ts';
import type { Message, ResourceRecord } from '../../wire/dns/message.ts';
import type { Clock } from '../../lang/clock.ts';

const ENTRIES_MAX = 10_000;
const POSITIVE_SECONDS_MAX = 3600;
const NEGATIVE_SECONDS_MAX = 1800;
/** A failure is not asked for again at once, by as many clients as there are (RFC 9520 3.2). */
const FAILURE_SECONDS = 1;

type Entry = { readonly message: Message; readonly storedMs: number; readonly expiresMs: number };

export class AnswerCache {
  readonly #clock: Clock;
  readonly #entryByKey = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The message with what is left of its times. */
  get(key: string): Message | undefined {
    const entry = this.#entryByKey.get(key);
    if (!entry) return undefined;
    this.#entryByKey.delete(key);
    const nowMs = this.#clock.now();
    if (nowMs >= entry.expiresMs) return undefined;
    this.#entryByKey.set(key, entry); // the newest is the last
    return aged(entry.message, Math.floor((nowMs - entry.storedMs) / 1000));
  }

  /** As long as the message allows; not at all if it says so. */
  set(key: string, message: Message): void {
    const seconds = lifetimeSeconds(message);
    if (seconds <= 0) return;
    const oldest = this.#entryByKey.keys().next();
    if (this.#entryByKey.size >= ENTRIES_MAX && !oldest.done) this.#entryByKey.delete(oldest.value);
    const storedMs = this.#clock.now();
    this.#entryByKey.set(key, { message, storedMs, expiresMs: storedMs + seconds * 1000 });
  }
}

/** 0: not to be kept. */
export const lifetimeSeconds = ({ flags, answers, authorities }: Message): number => {
  if (flags.tc) return 0;
  if (flags.rcode !== RCODE.NOERROR && flags.rcode !== RCODE.NXDOMAIN) return FAILURE_SECONDS;
  const times = answers.map(({ ttlSeconds }) => ttlSeconds);
  if (flags.rcode === RCODE.NOERROR && times.length > 0) return Math.min(POSITIVE_SECONDS_MAX, ...times);
  const soa = authorities.find(({ type }) => type === TYPE.SOA);
  if (soa?.data.kind !== 'soa') return 0; // nobody says how long the no holds
  return Math.min(NEGATIVE_SECONDS_MAX, soa.ttlSeconds, soa.data.minimumSeconds, ...times);
};

const aged = (message: Message, seconds: number): Message => {
  if (seconds === 0) return message;
  const age = (record: ResourceRecord): ResourceRecord => ({
    ...record,
    ttlSeconds: Math.max(0, record.ttlSeconds - seconds),
  });
  return {
    ...message,
    answers: message.answers.map(age),
    authorities: message.authorities.map(age),
    additionals: message.additionals.map(age),
  };
};
