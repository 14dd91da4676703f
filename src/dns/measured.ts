// The two ways to an answer, with what they did counted.
import type { DatagramHandler } from '../kernel/datagram-batch.ts';
import type { FastResponder } from './fast/fast-responder.ts';
import { requestSeconds } from './metrics.ts';
import type { Answerer } from './server/listener.ts';
import { countRequest, countResponse } from './tally.ts';

export type Answering = {
  readonly answer: Answerer;
  readonly answerAtOnce: (isV6: boolean) => DatagramHandler;
};

export const measured = (fast: FastResponder, answer: Answerer): Answering => ({
  answerAtOnce: (isV6) => (query, length, reply) => {
    const startMs = performance.now();
    const bytes = fast.respond(query, length, reply);
    if (bytes > 0) {
      countRequest('udp', isV6, fast.type);
      countResponse('kubernetes', fast.rcode);
      requestSeconds.observe((performance.now() - startMs) / 1000);
    }
    return bytes;
  },
  answer: (query, transport, client) => {
    const startMs = performance.now();
    const done = (reply: Uint8Array): void => {
      countRequest(transport, client.includes(':'), typeOf(query));
      countResponse(isAuthoritative(reply) ? 'kubernetes' : 'forward', reply[3]! & 0xf);
      requestSeconds.observe((performance.now() - startMs) / 1000);
    };
    const reply = answer(query, transport, client);
    if (reply instanceof Promise) reply.then(done, () => {}); // whoever asked hears of a failure
    else if (reply) done(reply);
    return reply;
  },
});

const QUESTION_AT = 12;

/** Of the first question; 0 where there is none. */
const typeOf = (query: Uint8Array): number => {
  let at = QUESTION_AT;
  while (at < query.length && query[at] !== 0) at += 1 + query[at]!;
  return at + 2 < query.length ? (query[at + 1]! << 8) | query[at + 2]! : 0;
};

const isAuthoritative = (reply: Uint8Array): boolean => (reply[2]! & 0x04) !== 0;
