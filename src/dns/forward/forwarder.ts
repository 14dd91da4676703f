// Names that are not the cluster's go to other servers: those of the longest zone that fits. Answers are cached, and the
// same question goes out only once at a time.
//
//   cache fresh ......... at once; asked for anew in its last tenth if it is in use
//   cache stale ......... asked for, and given after all if there is no answer, or none within 1.8 s (RFC 8767)
import { RCODE } from '../../wire/dns/constants.ts';
import type { Message, Question } from '../../wire/dns/message.ts';
import { lowerName } from '../../wire/dns/name.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { cacheHits, cacheMisses, cacheRequests, prefetches, rejects, servedStale } from '../metrics.ts';
import type { ResolveOptions } from '../respond.ts';
import { AnswerCache, isDenial, isFailure } from './cache.ts';
import type { Hit } from './cache.ts';
import { queryFor } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { isInZone } from './forward-zone.ts';
import type { ForwardOptions, ForwardZone } from './forward-zone.ts';
import { LoopProbe } from './loop-probe.ts';
import { Pending } from './pending.ts';
import { UpstreamGroup } from './upstream-group.ts';

export type Forwarder = {
  /** Never rejects: without an answer it is SERVFAIL, without a server to ask or a place to wait REFUSED. */
  readonly resolve: (question: Question, options: ResolveOptions) => Promise<Message>;
  readonly stop: () => void;
};

export type ForwarderOptions = ForwardOptions & {
  readonly exchange: Exchange;
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Log;
};

/** RFC 8767 5: the client response timer. */
const STALE_AFTER_MS = 1_800;

export const createForwarder = (options: ForwarderOptions): Forwarder => {
  const { clock, exchange, log, pendingMax } = options;
  const cache = new AnswerCache(clock, options.cache);
  const groups = byLength(options.zones).map((zone) => ({
    zone,
    group: new UpstreamGroup({ ...options, zone }),
  }));
  const loops = new LoopProbe(exchange, log);
  const pending = new Pending(pendingMax);
  const inFlight = new Map<string, Promise<Message>>();

  const ask = async (key: string, query: Message, group: UpstreamGroup): Promise<Message> => {
    loops.probe(group);
    const answer = (await group.ask(query)) ?? failed(query, RCODE.SERVFAIL);
    if (!isFailure(answer) || !cache.postpone(key)) cache.set(key, answer);
    return answer;
  };

  /** Undefined: there is no server for it. */
  const askOnce = (key: string, question: Question, how: ResolveOptions): Promise<Message> | undefined => {
    const present = inFlight.get(key);
    if (present) return present;
    const group = groupFor(lowerName(question.name), groups);
    if (!group || group.upstreams.length === 0) return undefined;
    const answer = ask(key, queryFor(question, how), group).finally(() => inFlight.delete(key));
    inFlight.set(key, answer);
    return answer;
  };

  const wait = async (hit: Hit | undefined, answer: Promise<Message>, client: string): Promise<Message> => {
    try {
      return hit ? await orStale(answer, hit.message, clock) : await answer;
    } finally {
      pending.leave(client);
    }
  };

  const resolve: Forwarder['resolve'] = async (question, how) => {
    const refused = (): Message => failed(queryFor(question, how), RCODE.REFUSED);
    if (loops.isBack(lowerName(question.name))) return refused();
    const key = keyOf(question, how);
    const hit = cache.get(key);
    count(hit);
    if (hit?.kind === 'fresh') {
      if (hit.wantsRefresh && askOnce(key, question, how)) prefetches.inc(1);
      return hit.message;
    }
    if (hit?.isFinal) return hit.message;
    const client = how.client ?? '';
    if (!pending.enter(client)) {
      rejects.inc(1);
      return refused();
    }
    return wait(hit, askOnce(key, question, how) ?? Promise.resolve(refused()), client);
  };
  return { resolve, stop: () => groups.forEach(({ group }) => group.stop()) };
};

const byLength = (zones: readonly ForwardZone[]): readonly ForwardZone[] =>
  [...zones].sort((a, b) => b.zone.length - a.zone.length);

type Groups = readonly { readonly zone: ForwardZone; readonly group: UpstreamGroup }[];

const groupFor = (name: string, groups: Groups): UpstreamGroup | undefined =>
  groups.find(
    ({ zone: { zone, except } }) => isInZone(name, zone) && !except.some((each) => isInZone(name, each)),
  )?.group;

const keyOf = ({ name, type, class: of }: Question, { dnssecOk, checkingDisabled }: ResolveOptions): string =>
  `${type} ${of} ${dnssecOk ? 'do' : ''}${checkingDisabled ? 'cd' : ''} ${lowerName(name)}`;

const count = (hit: Hit | undefined): void => {
  cacheRequests.inc(1);
  if (hit?.kind === 'fresh') cacheHits.inc(1, isDenial(hit.message) ? 'denial' : 'success');
  else cacheMisses.inc(1);
};

/** What is late or fails is replaced by what is old. */
const orStale = (answer: Promise<Message>, stale: Message, clock: Clock): Promise<Message> =>
  new Promise((resolve) => {
    const giveStale = (): void => {
      servedStale.inc(1);
      resolve(stale);
    };
    const timer = clock.after(STALE_AFTER_MS, giveStale);
    void answer.then((message) => {
      timer.cancel();
      if (isFailure(message)) giveStale();
      else resolve(message);
    });
  });

const failed = (query: Message, rcode: number): Message => ({
  ...query,
  flags: { ...query.flags, qr: true, ra: true, rcode },
});
