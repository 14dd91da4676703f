import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFakeClock, settle } from '../../../test/support/fake-clock.ts';
import { silentLog } from '../../lang/log.ts';
import { RCODE, TYPE } from '../../wire/dns/constants.ts';
import type { Message, ResourceRecord } from '../../wire/dns/message.ts';
import { lifetimeSeconds } from './cache.ts';
import { queryFor } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { DEFAULT_CACHE, forwardTo } from './forward-zone.ts';
import type { ForwardOptions } from './forward-zone.ts';
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
const yes = (ttlSeconds: number): Message => reply(RCODE.NOERROR, { answers: [record(ttlSeconds)] });

const servers = (...lasts: number[]) => lasts.map((last) => ({ address: `192.0.2.${last}`, port: 53 }));
const [FIRST, SECOND] = ['192.0.2.1', '192.0.2.2'];

type Outcome = Message | Error | Promise<Message>;

/** `asked`: the servers in the order in which they were asked; `probed`: those asked whether they are well. */
const start = (
  behaviour: (address: string, count: number, name: string) => Outcome,
  options: ForwardOptions = forwardTo(servers(1, 2)),
) => {
  const clock = createFakeClock();
  const [asked, probed]: [string[], string[]] = [[], []];
  const exchange: Exchange = async ({ address }, query) => {
    const { name, type } = query.questions[0]!;
    if (type === TYPE.HINFO) return reply(RCODE.NXDOMAIN);
    (type === TYPE.NS ? probed : asked).push(address);
    await Promise.resolve();
    const outcome = await behaviour(address, asked.length, name);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  };
  const forwarder = createForwarder({ ...options, exchange, random: () => 0, clock, log: silentLog });
  const rcode = async (name: string, client = ''): Promise<number> =>
    (await forwarder.resolve(question(name), { ...how, client })).flags.rcode;
  const ttl = async (name: string): Promise<number | undefined> =>
    (await forwarder.resolve(question(name), how)).answers[0]?.ttlSeconds;
  return { clock, asked, probed, rcode, ttl, ...forwarder };
};

describe('createForwarder() with several servers', () => {
  it('asks the next when one fails, leaves out one that fails twice, and takes it back when it answers a probe', async () => {
    let isDown = true;
    const { asked, probed, rcode, clock } = start((address) =>
      isDown && address === FIRST ? new Error('no answer') : reply(RCODE.NOERROR),
    );
    for (const name of ['a', 'b', 'c']) assert.equal(await rcode(name), RCODE.NOERROR);
    assert.deepEqual(asked.splice(0), [FIRST, SECOND, FIRST, SECOND, SECOND]);
    await clock.advance(1000);
    isDown = false;
    await clock.advance(1000);
    assert.deepEqual([...new Set(probed)], [FIRST]);
    await rcode('d');
    assert.deepEqual(asked, [FIRST]);
  });

  it('takes NXDOMAIN as an answer, but not SERVFAIL; is SERVFAIL when all fail', async () => {
    const first = start(() => reply(RCODE.NXDOMAIN));
    assert.equal(await first.rcode('a'), RCODE.NXDOMAIN);
    assert.equal(first.asked.length, 1);
    const second = start((address) => reply(address === FIRST ? RCODE.SERVFAIL : RCODE.NOERROR));
    assert.equal(await second.rcode('a'), RCODE.NOERROR);
    assert.equal(await start(() => new Error('no answer')).rcode('a'), RCODE.SERVFAIL);
  });

  it('asks those that failed too when none is well', async () => {
    const { asked, rcode } = start(() => new Error('no answer'));
    for (const name of ['a', 'b', 'c']) await rcode(name);
    assert.equal(asked.length, 6);
  });

  it('gives up before its client does', async () => {
    const { asked, rcode, clock } = start(
      async () => {
        await clock.advance(2000);
        throw new Error('no answer in 2000 ms');
      },
      forwardTo(servers(1, 2, 3, 4)),
    );
    assert.equal(await rcode('a'), RCODE.SERVFAIL);
    assert.equal(asked.length, 2);
  });

  it('takes turns by the policy', async () => {
    const [zone] = forwardTo(servers(1, 2, 3)).zones;
    const options = { ...forwardTo([]), zones: [{ ...zone!, policy: 'round_robin' as const }] };
    const { asked, rcode } = start(() => reply(RCODE.NOERROR), options);
    for (const name of ['a', 'b', 'c', 'd']) await rcode(name);
    assert.deepEqual(asked, [FIRST, SECOND, '192.0.2.3', FIRST]);
  });
});

describe('createForwarder() when it is stopped', () => {
  it('probes no server any more, whatever was under way', async () => {
    const late = Promise.withResolvers<Message>();
    let isProbed = false;
    const { probed, rcode, clock, stop } = start(() => (isProbed ? late.promise : new Error('no answer')));
    for (const name of ['a', 'b']) await rcode(name);
    isProbed = true;
    await clock.advance(500);
    const before = probed.length;
    assert.ok(before > 0);
    stop();
    late.reject(new Error('no answer'));
    await clock.advance(5_000);
    assert.equal(probed.length, before);
  });
});

describe('createForwarder() with stub domains', () => {
  it('asks the servers of the longest zone that a name is in, and is in no exception of', async () => {
    const zone = { ...forwardTo([]).zones[0]!, policy: 'sequential' as const };
    const { asked, rcode } = start(() => reply(RCODE.NOERROR), {
      ...forwardTo([]),
      zones: [
        { ...zone, zone: '', upstreams: servers(1), except: ['secret.org'] },
        { ...zone, zone: 'corp.example', upstreams: servers(2) },
        { ...zone, zone: 'lab.corp.example', upstreams: servers(3) },
      ],
    });
    for (const name of ['a.org', 'x.Corp.example', 'corp.example', 'x.lab.corp.example', 'xcorp.example'])
      await rcode(name);
    assert.deepEqual(asked, [FIRST, SECOND, SECOND, '192.0.2.3', FIRST]);
    assert.equal(await rcode('x.secret.org'), RCODE.REFUSED);
  });
});

describe('createForwarder() and what it knows', () => {
  it('asks the same question only once at a time, and keeps the answer as long as it may', async () => {
    const { asked, resolve, clock, ttl } = start(() => yes(30));
    await Promise.all([resolve(question('a.example'), how), resolve(question('A.Example'), how)]);
    assert.equal(asked.length, 1);
    await clock.advance(10_000);
    assert.deepEqual([await ttl('a.example'), asked.length], [20, 1]);
    await resolve(question('a.example'), { ...how, dnssecOk: true });
    assert.equal(asked.length, 2, 'another question');
    await clock.advance(20_000);
    await ttl('a.example');
    assert.equal(asked.length, 3);
  });

  it('asks again before the end for what is in use', async () => {
    const { asked, ttl, clock } = start(() => yes(100));
    for (let i = 0; i < 3; i++) await ttl('a');
    await clock.advance(89_000);
    await ttl('a');
    assert.equal(asked.length, 1);
    await clock.advance(2_000);
    assert.equal(await ttl('a'), 9, 'the old answer, at once');
    await settle();
    assert.deepEqual([asked.length, await ttl('a')], [2, 100]);
  });

  it('gives the old answer when nobody has a new one, and does not ask again for half a minute', async () => {
    let isDown = false;
    const { asked, ttl, clock, rcode } = start(() => (isDown ? new Error('no answer') : yes(10)));
    await ttl('a');
    isDown = true;
    await clock.advance(11_000);
    assert.equal(await ttl('a'), 30, 'RFC 8767 4');
    const before = asked.length;
    await clock.advance(20_000);
    assert.deepEqual([await ttl('a'), asked.length], [30, before]);
    isDown = false;
    await clock.advance(15_000);
    assert.equal(await ttl('a'), 10);
    isDown = true;
    await clock.advance(3_700_000);
    assert.equal(await rcode('a'), RCODE.SERVFAIL, 'too old');
  });

  it('keeps what it has when nobody has a new answer before the end', async () => {
    let isDown = false;
    const { asked, ttl, clock } = start(() => (isDown ? new Error('no answer') : yes(100)));
    for (let i = 0; i < 3; i++) await ttl('a');
    isDown = true;
    await clock.advance(91_000);
    assert.equal(await ttl('a'), 9);
    await settle();
    assert.ok(asked.length > 1, 'asked again, in vain');
    assert.equal(await ttl('a'), 9);
    await clock.advance(20_000);
    assert.equal(await ttl('a'), 30, 'and when it is stale');
  });

  it('gives the old answer when the new one takes longer than 1.8 s', async () => {
    const late = Promise.withResolvers<Message>();
    const { ttl, clock } = start((_, count) => (count === 1 ? yes(10) : late.promise));
    await ttl('a');
    await clock.advance(11_000);
    const given = ttl('a');
    await clock.advance(1_900);
    assert.equal(await given, 30);
    late.resolve(yes(60));
    await settle();
    assert.equal(await ttl('a'), 60, 'the new one when it came');
  });
});

describe('createForwarder() under load', () => {
  it('leaves places for others: a client has a quarter of them', async () => {
    const never = new Promise<Message>(() => {});
    const { rcode } = start(() => never, { ...forwardTo(servers(1)), pendingMax: 8 });
    const greedy = ['a', 'b', 'c'].map((name) => rcode(name, 'greedy'));
    assert.equal(await greedy[2], RCODE.REFUSED);
    const others = ['1', '2', '3', '4', '5', '6', '7'].map((client) => rcode(client, client));
    assert.equal(await Promise.race(others), RCODE.REFUSED, 'the seventh: eight places in all');
  });
});

describe('createForwarder() and loops', () => {
  it('asks a server no more that sends its questions back', async () => {
    const clock = createFakeClock();
    const asked: string[] = [];
    const exchange: Exchange = async ({ address }, query) => {
      asked.push(address);
      return address === FIRST ? forwarder.resolve(query.questions[0]!, how) : reply(RCODE.NOERROR);
    };
    const options = { ...forwardTo(servers(1, 2)), exchange, random: () => 0, clock, log: silentLog };
    const forwarder = createForwarder(options);
    void forwarder.resolve(question('a'), how); // goes round, and waits for itself
    await settle();
    asked.length = 0;
    assert.equal((await forwarder.resolve(question('b'), how)).flags.rcode, RCODE.NOERROR);
    assert.deepEqual(asked, [SECOND]);
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
    for (const [message, seconds] of cases) assert.equal(lifetimeSeconds(message, DEFAULT_CACHE), seconds);
  });
});
