// Names that are not the cluster's go to other servers: the first that answers, cached, the same question only once at a time.
import { RCODE } from '../../wire/dns/constants.ts';
import type { Message, Question } from '../../wire/dns/message.ts';
import { lowerName } from '../../wire/dns/name.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { ResolveOptions } from '../respond.ts';
import { AnswerCache } from './cache.ts';
import { queryFor } from './exchange.ts';
import type { Exchange, Upstream } from './exchange.ts';

export type Forwarder = {
  /** Never rejects: without an answer it is SERVFAIL, without a server to ask REFUSED. */
  readonly resolve: (question: Question, options: ResolveOptions) => Promise<Message>;
};

export type ForwarderOptions = {
  readonly upstreams: readonly Upstream[];
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly log: Log;
};

/** A server that failed is asked last for this long. */
const PENALTY_MS = 5_000;
/** Clients wait five seconds (resolv.conf(5)): an answer must be there before. */
const PATIENCE_MS = 4_000;
/** More questions than this at once would only wait for each other. */
const IN_FLIGHT_MAX = 1_000;

export const createForwarder = (options: ForwarderOptions): Forwarder => {
  const cache = new AnswerCache(options.clock);
  const inFlight = new Map<string, Promise<Message>>();
  const penaltyUntilMs = new Map<Upstream, number>();

  const ask = async (key: string, query: Message): Promise<Message> => {
    const answer = await askInTurn(options, penaltyUntilMs, query);
    cache.set(key, answer);
    return answer;
  };

  const resolve: Forwarder['resolve'] = (question, how) => {
    const key = keyOf(question, how);
    const known = cache.get(key);
    if (known) return Promise.resolve(known);
    const query = queryFor(question, how);
    if (options.upstreams.length === 0) return Promise.resolve(failed(query, RCODE.REFUSED));
    const present = inFlight.get(key);
    if (present) return present;
    if (inFlight.size >= IN_FLIGHT_MAX) return Promise.resolve(failed(query, RCODE.SERVFAIL));
    const answer = ask(key, query).finally(() => inFlight.delete(key));
    inFlight.set(key, answer);
    return answer;
  };
  return { resolve };
};

const keyOf = ({ name, type, class: of }: Question, { dnssecOk, checkingDisabled }: ResolveOptions): string =>
  `${type} ${of} ${dnssecOk ? 'do' : ''}${checkingDisabled ? 'cd' : ''} ${lowerName(name)}`;

/** The given order, but servers that failed lately last. */
const askInTurn = async (
  { upstreams, exchange, clock, log }: ForwarderOptions,
  penaltyUntilMs: Map<Upstream, number>,
  query: Message,
): Promise<Message> => {
  const isPenalized = (upstream: Upstream): boolean => (penaltyUntilMs.get(upstream) ?? 0) > clock.now();
  const inOrder = [...upstreams].sort((a, b) => Number(isPenalized(a)) - Number(isPenalized(b)));
  const untilMs = clock.now() + PATIENCE_MS;
  let last = failed(query, RCODE.SERVFAIL);
  for (const upstream of inOrder) {
    if (clock.now() >= untilMs) break;
    try {
      last = await exchange(upstream, query);
      if (last.flags.rcode !== RCODE.SERVFAIL && last.flags.rcode !== RCODE.REFUSED) return last;
    } catch (error) {
      penaltyUntilMs.set(upstream, clock.now() + PENALTY_MS);
      log.debug({ upstream: upstream.address, err: error }, 'upstream does not answer');
    }
  }
  return last;
};

const failed = (query: Message, rcode: number): Message => ({
  ...query,
  flags: { ...query.flags, qr: true, ra: true, rcode },
});
