import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock } from '../../../test/support/fake-clock.ts';
import { silentLog } from '../../lang/log.ts';
import { RCODE, TYPE } from '../../wire/dns/constants.ts';
import type { Message, ResourceRecord } from '../../wire/dns/message.ts';
import { lifetimeSeconds } from './cache.ts';
import { queryFor } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { createForwarder } from './forwarder.ts';

const how = { dnssecOk: false, checkingDisabled: false };
const question = (name: string) => ({ name, type: TYPE.A, class: 1 });
const record = (ttlSeconds: number): ResourceRecord => ({
  name: 'a.example',
  type: TYPE.A,
  class: 1,
  ttlSeconds,
  data: { kind: 'address', bytes: Uint8Array.from([192, 0, 2, 1]) },
});
const soa = (ttlSeconds: number, minimumSeconds: number): ResourceRecord => ({
  name: 'example',
  type: TYPE.SOA,
  class: 1,
  ttlSeconds,
  data: {
    kind: 'soa',
    mname: 'a',
    rname: 'b',
    serial: 1,
    refreshSeconds: 1,
    retrySeconds: 1,
    expireSeconds: 1,
    minimumSeconds,
  },
});

const reply = (rcode: number, more: Partial<Message> = {}): Message => {
  const query = queryFor(question('a.example'), how);
  return { ...query, ...more, flags: { ...query.flags, qr: true, rcode } };
};

const upstreams = [
  { address: '192.0.2.1', port: 53 },
  { address: '192.0.2.2', port: 53 },
];

const start = (behaviour: (address: string, count: number) => Message | Error) => {
  const clock = createFakeClock();
  const asked: string[] = [];
  const exchange: Exchange = async ({ address }) => {
    asked.push(address);
    await Promise.resolve();
    const outcome = behaviour(address, asked.length);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  return { clock, asked, ...createForwarder({ upstreams, exchange, clock, log: silentLog }) };
};

describe('createForwarder()', () => {
  it('asks the next server when one fails, and the failed one last for a while', async () => {
    const { asked, resolve, clock } = start((address) =>
      address === '192.0.2.1' ? new Error('no answer') : reply(RCODE.NOERROR),
    );
    assert.equal((await resolve(question('a.example'), how)).flags.rcode, RCODE.NOERROR);
    await resolve(question('b.example'), how);
    await clock.advance(6000);
    await resolve(question('c.example'), how);
    assert.deepEqual(asked, ['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.1', '192.0.2.2']);
  });

  it('takes NXDOMAIN as an answer, but not SERVFAIL; is SERVFAIL when all fail', async () => {
    const first = start(() => reply(RCODE.NXDOMAIN));
    assert.equal((await first.resolve(question('a'), how)).flags.rcode, RCODE.NXDOMAIN);
    assert.equal(first.asked.length, 1);
    const second = start((address) => reply(address === '192.0.2.1' ? RCODE.SERVFAIL : RCODE.NOERROR));
    assert.equal((await second.resolve(question('a'), how)).flags.rcode, RCODE.NOERROR);
    const third = start(() => new Error('no answer'));
    assert.equal((await third.resolve(question('a'), how)).flags.rcode, RCODE.SERVFAIL);
  });

  it('gives up before its client does', async () => {
    const clock = createFakeClock();
    const asked: string[] = [];
    const many = ['1', '2', '3', '4'].map((last) => ({ address: `192.0.2.${last}`, port: 53 }));
    const exchange: Exchange = async ({ address }) => {
      asked.push(address);
      await clock.advance(2000);
      throw new Error('no answer in 2000 ms');
    };
    const { resolve } = createForwarder({ upstreams: many, exchange, clock, log: silentLog });
    assert.equal((await resolve(question('a'), how)).flags.rcode, RCODE.SERVFAIL);
    assert.equal(asked.length, 2);
  });

  it('asks the same question only once at a time, and keeps the answer as long as it may', async () => {
    const { asked, resolve, clock } = start(() => reply(RCODE.NOERROR, { answers: [record(30)] }));
    await Promise.all([resolve(question('a.example'), how), resolve(question('A.Example'), how)]);
    assert.equal(asked.length, 1);
    await clock.advance(10_000);
    const { answers } = await resolve(question('a.example'), how);
    assert.deepEqual([asked.length, answers[0]?.ttlSeconds], [1, 20]);
    await resolve(question('a.example'), { ...how, dnssecOk: true });
    assert.equal(asked.length, 2, 'another question');
    await clock.advance(20_000);
    await resolve(question('a.example'), how);
    assert.equal(asked.length, 3);
  });
});

describe('lifetimeSeconds()', () => {
  it('is the shortest of the answer, what the SOA says of a no, or a second for a failure', () => {
    const cases: [Message, number][] = [
      [reply(RCODE.NOERROR, { answers: [record(30), record(20)] }), 20],
      [reply(RCODE.NOERROR, { answers: [record(1e9)] }), 3600],
      [reply(RCODE.NXDOMAIN, { authorities: [soa(60, 40)] }), 40],
      [reply(RCODE.NOERROR, { authorities: [soa(50, 90)] }), 50],
      [reply(RCODE.NXDOMAIN), 0],
      [reply(RCODE.SERVFAIL, { answers: [record(30)] }), 1],
    ];
    for (const [message, seconds] of cases) assert.equal(lifetimeSeconds(message), seconds);
  });
});
