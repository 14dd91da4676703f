import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from '../../wire/dns/codec.ts';
import { TYPE } from '../../wire/dns/constants.ts';
import type { Edns, Message, ResourceRecord } from '../../wire/dns/message.ts';
import { queryOf } from '../../wire/dns/query.ts';
import type { ZoneSource } from '../answer.ts';
import { compileApex, compileNamespace, compileService, startOfAuthority } from '../compile.ts';
import { respond } from '../respond.ts';
import type { ZoneRecord } from '../state.ts';
import { Zone } from '../zone.ts';
import { FastResponder } from './fast-responder.ts';

const sourceOf = (zone: Zone): ZoneSource => ({
  domain: 'z',
  lookUp: (name) => zone.lookUp(name),
  isOurs: (name) => name === 'z' || name.endsWith('.z'),
  isVolatile: (name) => name === 'z',
  soa: startOfAuthority('z', 7, 5),
  ttlSeconds: 5,
});

const endpoints = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    label: `p-${i}`,
    address: `10.244.${i >> 8}.${i & 255}`,
    ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
  }));

const objects: Readonly<Record<string, readonly ZoneRecord[]>> = {
  apex: compileApex('z', ['10.96.0.10']),
  namespace: compileNamespace('ns', 'z'),
  web: compileService(
    {
      name: 'web',
      namespace: 'ns',
      kind: 'cluster-ip',
      ips: ['10.96.0.7', 'fd00::7'],
      ports: [{ name: 'http', protocol: 'TCP', port: 80 }],
    },
    'z',
  ),
  few: compileService({ name: 'db', namespace: 'ns', kind: 'headless', endpoints: endpoints(3) }, 'z'),
  many: compileService({ name: 'big', namespace: 'ns', kind: 'headless', endpoints: endpoints(150) }, 'z'),
  near: compileService({ name: 'near', namespace: 'ns', kind: 'external-name', target: 'db.ns.svc.z' }, 'z'),
  away: compileService({ name: 'away', namespace: 'ns', kind: 'external-name', target: 'a.example' }, 'z'),
};

const names = fc.constantFrom(
  ...[
    'web',
    'db',
    'big',
    'near',
    'away',
    'no',
    'p-1.db',
    '_http._tcp.db',
    '_http._tcp.web',
    '_http._tcp.big',
  ].map((name) => `${name}.ns.svc.z`),
  ...['z', 'svc.z', 'ns.svc.z', 'dns-version.z', 'x.y.z', 'a.example', '7.0.96.10.in-addr.arpa'],
);
const cased = names.chain((name) =>
  fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((upper) =>
    name
      .split('')
      .map((letter, i) => (upper[i] ? letter.toUpperCase() : letter))
      .join(''),
  ),
);
const edns = fc.option(
  fc.record({
    udpBytes: fc.constantFrom(0, 512, 700, 1232, 4096),
    version: fc.constantFrom(0, 0, 0, 1),
    dnssecOk: fc.boolean(),
    options: fc.array(fc.record({ code: fc.nat(70), bytes: fc.uint8Array({ maxLength: 9 }) }), {
      maxLength: 2,
    }),
  }),
  { nil: undefined },
);
const query = fc
  .record({
    id: fc.nat(0xffff),
    name: cased,
    type: fc.constantFrom(
      TYPE.A,
      TYPE.AAAA,
      TYPE.SRV,
      TYPE.PTR,
      TYPE.TXT,
      TYPE.SOA,
      TYPE.CNAME,
      TYPE.ANY,
      TYPE.AXFR,
      TYPE.IXFR,
      65,
    ),
    rd: fc.boolean(),
    cd: fc.boolean(),
    edns,
  })
  .map(({ id, name, type, rd, cd, edns: opt }) =>
    Buffer.from(
      encodeMessage({
        id,
        flags: { qr: false, opcode: 0, aa: false, tc: false, rd, ra: false, ad: false, cd, rcode: 0 },
        questions: [{ name, type, class: 1 }],
        answers: [],
        authorities: [],
        additionals: [],
        edns: opt as Edns | undefined,
      }),
    ),
  );

const text = ({ name, type, ttlSeconds, data }: ResourceRecord): string =>
  JSON.stringify([name, type, ttlSeconds, data.kind === 'address' ? [...data.bytes] : data]);

/** All that a client sees; addresses of one set may change places, and any of them may be missing where not all fit. */
const seen = (bytes: Uint8Array): unknown => {
  const { message } = decodeMessage(bytes) as { message: Message };
  const { answers, authorities, additionals, ...rest } = message;
  const shown = rest.flags.tc ? answers.map(({ name, type }) => `${name} ${type}`) : answers.map(text).sort();
  return { ...rest, answers: shown, authorities: authorities.map(text), additionals: additionals.map(text) };
};

const slow = (zone: ZoneSource, bytes: Uint8Array): Uint8Array => {
  const never = {
    zone: () => zone,
    isInCluster: () => true,
    resolve: () => Promise.reject(new Error('outside')),
  };
  const reply = respond(bytes, { transport: 'udp', client: '' }, never, 0);
  assert.ok(reply instanceof Uint8Array);
  return reply;
};

const ask = (fast: FastResponder, bytes: Buffer): Uint8Array | undefined => {
  const reply = Buffer.alloc(1232);
  const length = fast.respond(bytes, bytes.length, reply);
  return length > 0 ? reply.subarray(0, length) : undefined;
};

describe('FastResponder', () => {
  it('says the same as the codec does, or nothing', () => {
    const zone = new Zone();
    for (const [owner, records] of Object.entries(objects)) zone.set(owner, records);
    const source = sourceOf(zone);
    const fast = new FastResponder(() => source);
    let answered = 0;
    fc.assert(
      fc.property(query, (bytes) => {
        const reply = ask(fast, bytes);
        if (reply === undefined) return;
        answered++;
        assert.deepEqual(seen(reply), seen(slow(source, bytes)));
      }),
      { numRuns: 2000 },
    );
    assert.ok(answered > 1000, 'nearly all');
  });

  it('forgets what changed, whatever it was made from', () => {
    const step = fc.tuple(fc.constantFrom(...Object.keys(objects)), fc.boolean(), query);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const zone: Zone = new Zone((name) => fast.forget(name));
        const source = sourceOf(zone);
        const fast = new FastResponder(() => source);
        zone.set('apex', objects['apex']!);
        for (const [owner, isThere, bytes] of steps) {
          ask(fast, bytes);
          zone.set(owner, isThere ? objects[owner]! : []);
          const [kept, fresh] = [ask(fast, bytes), ask(new FastResponder(() => source), bytes)];
          assert.deepEqual(kept && seen(kept), fresh && seen(fresh));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('turns addresses for each asker', () => {
    const zone = new Zone();
    zone.set('few', objects['few']!);
    const fast = new FastResponder(() => sourceOf(zone));
    const bytes = Buffer.from(encodeMessage(queryOf(1, { name: 'db.ns.svc.z', type: TYPE.A, class: 1 })));
    const firsts = [1, 2, 3].map(() => {
      const { message } = decodeMessage(ask(fast, bytes)!) as { message: Message };
      return text(message.answers[0]!);
    });
    assert.equal(new Set(firsts).size, 3);
  });

  it('cuts what is too long even for TCP', () => {
    const zone = new Zone();
    const service = { name: 'huge', namespace: 'ns', kind: 'headless', endpoints: endpoints(5000) } as const;
    zone.set('huge', compileService(service, 'z'));
    const fast = new FastResponder(() => sourceOf(zone));
    const bytes = Buffer.from(encodeMessage(queryOf(1, { name: 'huge.ns.svc.z', type: TYPE.A, class: 1 })));
    const { message } = decodeMessage(ask(fast, bytes)!) as { message: Message };
    assert.deepEqual([message.flags.tc, message.answers.length], [true, 30]);
  });

  it('leaves to others what it does not know', () => {
    const fast = new FastResponder(() => undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (noise) => {
        assert.equal(fast.respond(Buffer.from(noise), noise.length, Buffer.alloc(1232)), 0);
      }),
    );
  });
});
