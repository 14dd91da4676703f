import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from './codec.ts';
import { TYPE } from './constants.ts';
import type { Flags, Message, RecordData, ResourceRecord } from './message.ts';
import { DnsFormatError, labelsOf, readName } from './name.ts';

const flags: Flags = {
  qr: true,
  opcode: 0,
  aa: true,
  tc: false,
  rd: true,
  ra: true,
  ad: false,
  cd: false,
  rcode: 0,
};

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);

/** Few labels, so that names share suffixes; some with bytes that must be escaped. */
const anyName = fc
  .array(fc.constantFrom('a', 'svc', 'cluster', 'Local', 'x-1', '_http', 'a\\.b', '\\000\\255', '\\\\'), {
    maxLength: 6,
  })
  .map((labels) => labels.join('.'));

const dataByType: readonly [number, fc.Arbitrary<RecordData>][] = [
  [TYPE.A, fc.record({ kind: fc.constant('address' as const), bytes: bytesOf(4) })],
  [TYPE.AAAA, fc.record({ kind: fc.constant('address' as const), bytes: bytesOf(16) })],
  ...[TYPE.CNAME, TYPE.PTR, TYPE.NS, TYPE.DNAME].map((type): [number, fc.Arbitrary<RecordData>] => [
    type,
    fc.record({ kind: fc.constant('name' as const), name: anyName }),
  ]),
  [
    TYPE.SRV,
    fc.record({
      kind: fc.constant('srv' as const),
      priority: u16,
      weight: u16,
      port: u16,
      target: anyName,
    }),
  ],
  [TYPE.MX, fc.record({ kind: fc.constant('mx' as const), preference: u16, exchange: anyName })],
  [
    TYPE.TXT,
    fc.record({
      kind: fc.constant('txt' as const),
      texts: fc.array(fc.uint8Array({ maxLength: 255 }), { minLength: 1, maxLength: 3 }),
    }),
  ],
  [
    TYPE.SOA,
    fc.record({
      kind: fc.constant('soa' as const),
      mname: anyName,
      rname: anyName,
      serial: u32,
      refreshSeconds: u32,
      retrySeconds: u32,
      expireSeconds: u32,
      minimumSeconds: u32,
    }),
  ],
  [65, fc.record({ kind: fc.constant('raw' as const), bytes: fc.uint8Array({ maxLength: 40 }) })],
];

const anyRecord: fc.Arbitrary<ResourceRecord> = fc
  .constantFrom(...dataByType)
  .chain(([type, data]) =>
    fc.record({ name: anyName, type: fc.constant(type), class: fc.constant(1), ttlSeconds: u32, data }),
  );

const anyMessage: fc.Arbitrary<Message> = fc.record({
  id: u16,
  flags: fc.record({
    qr: fc.boolean(),
    opcode: fc.nat(15),
    aa: fc.boolean(),
    tc: fc.boolean(),
    rd: fc.boolean(),
    ra: fc.boolean(),
    ad: fc.boolean(),
    cd: fc.boolean(),
    rcode: fc.nat(15),
  }),
  questions: fc.array(fc.record({ name: anyName, type: u16, class: u16 }), { maxLength: 2 }),
  answers: fc.array(anyRecord, { maxLength: 6 }),
  authorities: fc.array(anyRecord, { maxLength: 3 }),
  additionals: fc.array(anyRecord, { maxLength: 3 }),
  edns: fc.option(
    fc.record({
      udpBytes: u16,
      version: fc.nat(255),
      dnssecOk: fc.boolean(),
      options: fc.array(fc.record({ code: u16, bytes: fc.uint8Array({ maxLength: 9 }) }), { maxLength: 3 }),
    }),
    { nil: undefined },
  ),
});

const decoded = (bytes: Uint8Array): Message => {
  const result = decodeMessage(bytes);
  assert.ok(result.ok, result.ok ? '' : result.reason);
  return result.message;
};

const address = (...bytes: number[]): RecordData => ({ kind: 'address', bytes: Uint8Array.from(bytes) });
const message = (more: Partial<Message>): Message => ({
  id: 7,
  flags,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
  edns: undefined,
  ...more,
});
const A = (name: string, last: number): ResourceRecord => ({
  name,
  type: TYPE.A,
  class: 1,
  ttlSeconds: 5,
  data: address(10, 0, 0, last),
});

describe('encodeMessage()', () => {
  it('is undone by decodeMessage()', () => {
    fc.assert(
      fc.property(anyMessage, (given) => {
        assert.deepEqual(structuredClone(decoded(encodeMessage(given))), structuredClone(given)); // a clone has no Buffers
      }),
    );
  });

  it('points at names that stand there already, and echoes the case of the question', () => {
    const question = { name: 'My-Svc.Default.svc.cluster.local', type: TYPE.A, class: 1 };
    const name = question.name.toLowerCase();
    const one = encodeMessage(message({ questions: [question], answers: [A(name, 1)] }));
    const two = encodeMessage(message({ questions: [question], answers: [A(name, 1), A(name, 2)] }));
    assert.equal(two.length - one.length, 16, 'an address costs 16 bytes');
    assert.equal(decoded(two).answers[1]?.name, question.name);
  });

  it('leaves whole records out and sets TC when it would get too long, but keeps OPT', () => {
    const answers = Array.from({ length: 100 }, (_, i) => A('a.b', i));
    const edns = { udpBytes: 1232, version: 0, dnssecOk: false, options: [] };
    const given = message({ questions: [{ name: 'a.b', type: TYPE.A, class: 1 }], answers, edns });
    for (const limit of [512, 513, 1232]) {
      const bytes = encodeMessage(given, limit);
      const { flags: cut, answers: kept, edns: opt } = decoded(bytes);
      assert.ok(bytes.length <= limit && bytes.length > limit - 16);
      assert.deepEqual([cut.tc, kept.length, opt?.udpBytes], [true, Math.floor((limit - 32) / 16), 1232]);
    }
    assert.equal(decoded(encodeMessage(given)).flags.tc, false);
  });

  it('leaves additional records out without TC', () => {
    const additionals = Array.from({ length: 100 }, (_, i) => A('a.b', i));
    const { flags: cut, additionals: kept } = decoded(
      encodeMessage(message({ answers: [A('a.b', 1)], additionals }), 512),
    );
    assert.equal(cut.tc, false);
    assert.ok(kept.length < 100);
  });

  it('is read by dns-packet as we mean it', () => {
    const answers: ResourceRecord[] = [
      A('web.ns.svc.cluster.local', 7),
      {
        name: '_http._tcp.web.ns.svc.cluster.local',
        type: TYPE.SRV,
        class: 1,
        ttlSeconds: 30,
        data: { kind: 'srv', priority: 0, weight: 50, port: 80, target: 'web.ns.svc.cluster.local' },
      },
      {
        name: 'dns-version.cluster.local',
        type: TYPE.TXT,
        class: 1,
        ttlSeconds: 5,
        data: { kind: 'txt', texts: [Buffer.from('1.1.0')] },
      },
    ];
    const read = dnsPacket.decode(Buffer.from(encodeMessage(message({ answers }))));
    assert.deepEqual(
      read.answers?.map((answer) => ('data' in answer ? JSON.stringify(answer.data) : '')),
      [
        '"10.0.0.7"',
        '{"priority":0,"weight":50,"port":80,"target":"web.ns.svc.cluster.local"}',
        JSON.stringify([Buffer.from('1.1.0')]),
      ],
    );
  });
});

describe('decodeMessage()', () => {
  it('reads what dns-packet writes', () => {
    const bytes = dnsPacket.encode({
      type: 'query' as const,
      id: 9,
      flags: dnsPacket.RECURSION_DESIRED,
      questions: [{ type: 'AAAA', name: 'example.org' }],
      additionals: [
        { type: 'OPT', name: '.', udpPayloadSize: 4096, flags: dnsPacket.DNSSEC_OK, options: [] } as never,
      ],
    });
    const { id, flags: read, questions, edns } = decoded(bytes);
    assert.deepEqual([id, read.qr, read.rd], [9, false, true]);
    assert.deepEqual(questions, [{ name: 'example.org', type: TYPE.AAAA, class: 1 }]);
    assert.deepEqual(edns, { udpBytes: 4096, version: 0, dnssecOk: true, options: [] });
  });

  it('throws nothing, whatever comes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeMessage(bytes)));
    fc.assert(
      fc.property(
        anyMessage,
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 5 }),
        (given, spoil) => {
          const bytes = Uint8Array.from(encodeMessage(given));
          for (const [at, value] of spoil) if (at < bytes.length) bytes[at] = value;
          decodeMessage(bytes);
          decodeMessage(bytes.subarray(0, spoil[0]?.[0] ?? 0));
        },
      ),
    );
  });

  it('keeps the id of what it cannot read', () => {
    const bytes = encodeMessage(message({ id: 77, questions: [{ name: 'a', type: 1, class: 1 }] })).slice(
      0,
      -1,
    );
    const result = decodeMessage(bytes);
    assert.deepEqual([result.ok, !result.ok && result.header?.id], [false, 77]);
    assert.deepEqual(decodeMessage(new Uint8Array(11)), {
      ok: false,
      reason: 'shorter than a header',
      header: undefined,
    });
  });
});

describe('readName()', () => {
  it('refuses pointers that go in a circle or forward, and ends in linear time', () => {
    const loop = Uint8Array.from([1, 0x61, 0xc0, 0x00]);
    assert.throws(() => readName(loop, 2), DnsFormatError);
    assert.throws(() => readName(Uint8Array.from([0xc0, 0x02, 0x00]), 0), DnsFormatError);
    const chain = Uint8Array.from([
      0,
      ...Array.from({ length: 200 }, (_, i) => [0xc0, i === 0 ? 0 : 2 * i - 1]).flat(),
    ]);
    assert.equal(readName(chain, 399).name, '');
  });

  it('refuses pointers to pointers without end: thousands of names may end in the same ones', () => {
    const chain = Uint8Array.from([
      0,
      ...Array.from({ length: 300 }, (_, i) => {
        const target = i === 0 ? 0 : 2 * i - 1;
        return [0xc0 | (target >> 8), target & 0xff];
      }).flat(),
    ]);
    assert.throws(() => readName(chain, 599), DnsFormatError);
  });
});

describe('labelsOf()', () => {
  it('refuses what cannot be sent', () => {
    for (const name of ['a..b', '.', `${'a'.repeat(64)}.b`, Array(130).fill('a').join('.')])
      assert.throws(() => labelsOf(name), DnsFormatError, name);
  });
});
