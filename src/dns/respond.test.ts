import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeMessage, encodeMessage } from '../wire/dns/codec.ts';
import { RCODE, TYPE } from '../wire/dns/constants.ts';
import type { Message } from '../wire/dns/message.ts';
import { queryOf } from '../wire/dns/query.ts';
import { respond } from './respond.ts';
import type { Responder } from './respond.ts';

const question = { name: 'cluster.local', type: TYPE.SOA as number, class: 1 };
const query = queryOf(7, question);
const { flags } = query;

const nobody: Responder = {
  zone: () => undefined,
  isInCluster: () => true,
  resolve: () => Promise.reject(new Error('asked')),
};

const rcodeOf = (message: Message): number => {
  const reply = respond(encodeMessage(message), { transport: 'udp', client: '' }, nobody, 0);
  const decoded = decodeMessage(reply as Uint8Array);
  assert.ok(decoded.ok && decoded.message.flags.qr);
  return decoded.message.flags.rcode;
};

describe('respond()', () => {
  it('refuses transfers, other classes and what it does not know, each in its way', () => {
    const edns = { udpBytes: 1232, version: 1, dnssecOk: false, options: [] };
    const cases: [string, Message, number][] = [
      ['AXFR', { ...query, questions: [{ ...question, type: TYPE.AXFR }] }, RCODE.REFUSED],
      ['IXFR', { ...query, questions: [{ ...question, type: TYPE.IXFR }] }, RCODE.REFUSED],
      ['CHAOS', { ...query, questions: [{ ...question, class: 3 }] }, RCODE.REFUSED],
      ['UPDATE', { ...query, flags: { ...flags, opcode: 5 } }, RCODE.NOTIMP],
      ['no question', { ...query, questions: [] }, RCODE.FORMERR],
      ['two questions', { ...query, questions: [question, question] }, RCODE.FORMERR],
      ['EDNS 1', { ...query, edns }, RCODE.BADVERS],
      ['too early', query, RCODE.SERVFAIL],
    ];
    for (const [what, message, rcode] of cases) assert.equal(rcodeOf(message), rcode, what);
  });

  it('answers a query of many questions within the limit, whatever it asks', () => {
    const questions = Array.from({ length: 150 }, (_, i) => ({ ...question, name: `${i}.example.org` }));
    const asked = encodeMessage({ ...query, questions });
    const reply = respond(asked, { transport: 'udp', client: '' }, nobody, 0) as Uint8Array;
    assert.ok(asked.length > 1232 && reply.length <= 512, `${reply.length} bytes`);
  });

  it('says nothing to an answer', () => {
    const answer = encodeMessage({ ...query, flags: { ...flags, qr: true } });
    assert.equal(respond(answer, { transport: 'udp', client: '' }, nobody, 0), undefined);
  });
});
