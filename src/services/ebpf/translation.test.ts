import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LITTLE_ENDIAN } from '../../wire/netlink.ts';
import { toText as programText } from '../../wire/ebpf/text.ts';
import type { Programmed } from '../diff.ts';
import { masqueradeCode } from '../endpoint-ids.ts';
import { shapeCode } from '../shape.ts';
import type { Masquerade } from '../state.ts';
import { translationOf } from './compile.ts';
import { diffTranslation } from './diff.ts';
import type { Element, MapDiff } from './diff.ts';
import { encodePeer, writeSlot } from './layout.ts';
import { PROGRAMS } from './programs.ts';
import { toText } from './state.ts';
import type { Translation } from './state.ts';

type Changes = { readonly masquerade?: Masquerade; readonly stickySeconds?: number } & Partial<Programmed>;

const programmed = ({ masquerade = 'outsiders', stickySeconds, ...changes }: Changes = {}): Programmed => ({
  map: 'services',
  family: 4,
  match: 'tcp . 10.96.0.10 . 80',
  code: shapeCode({ kind: 'balance', count: 1, isOutside: false, stickySeconds }),
  slots: [{ id: masqueradeCode(masquerade) + 7, at: '10.244.0.5 . 8080', isHairpin: true, isSticky: false }],
  allowed: [],
  ...changes,
});

describe('translationOf()', () => {
  it('takes an entry over of which only the destination is changed, with its slots and ids', () => {
    const translation = translationOf(programmed());
    assert.equal(toText([translation!]), 'tcp . 10.96.0.10 . 80 -> 268435463:10.244.0.5 . 8080');
  });

  it('takes over session affinity', () => {
    assert.match(toText([translationOf(programmed({ stickySeconds: 10 }))!]), / sticky 10s$/);
  });

  it('leaves everything else to the tables', () => {
    const cases: readonly (readonly [string, Changes])[] = [
      ['the source is changed too', { masquerade: 'all' }],
      ['clients from outside', { map: 'outside-services' }],
      ['source ranges', { allowed: ['10.0.0.0/8'] }],
      ['SCTP', { match: 'sctp . 10.96.0.10 . 80' }],
      ['UDP to a node port', { match: 'udp . 172.30.0.11 . 30080' }],
      ['refused', { code: shapeCode({ kind: 'reject' }), slots: [] }],
    ];
    for (const [why, changes] of cases) assert.equal(translationOf(programmed(changes)), undefined, why);
    for (const match of ['tcp . 172.30.0.11 . 30080', 'udp . 10.96.0.10 . 53'])
      assert.ok(translationOf(programmed({ match })), match);
  });
});

const keyOf = (element: Element): string =>
  element.map === 'endpoints'
    ? `endpoint ${element.id}`
    : `${element.map} ${element.match} ${lastOf(element)}`;

const lastOf = (element: Exclude<Element, { readonly map: 'endpoints' }>): number | '' =>
  element.map === 'slots' ? element.slot : element.map === 'members' ? element.id : '';

type Maps = ReadonlyMap<string, Element>;

/** The maps after each single step, in the order in which apply.ts takes them. */
const steps = (start: Maps, { updates, deletions }: MapDiff): readonly Maps[] => {
  const order = ['endpoints', 'members', 'slots', 'services'] as const;
  const of = (elements: readonly Element[], map: string) => elements.filter((each) => each.map === map);
  const states = [start];
  for (const element of order.flatMap((map) => of(updates, map)))
    states.push(new Map(states.at(-1)).set(keyOf(element), element));
  for (const element of order.toReversed().flatMap((map) => of(deletions, map))) {
    assert.ok(states.at(-1)!.has(keyOf(element)), 'a batch of deletions stops at what is not there');
    states.push(new Map([...states.at(-1)!].filter(([key]) => key !== keyOf(element))));
  }
  return states;
};

const contents = (translation: Translation | undefined): Maps =>
  steps(new Map(), diffTranslation(undefined, translation)).at(-1)!;

const isWhole = (maps: Maps, match: string): boolean => {
  const service = maps.get(`services ${match} `);
  if (service?.map !== 'services') return true;
  return Array.from({ length: service.count }, (_, slot) => maps.get(`slots ${match} ${slot}`)).every(
    (slot) => slot?.map === 'slots' && maps.has(`endpoint ${slot.id}`),
  );
};

const match = 'udp . 10.96.0.10 . 80';
const translations = fc.option(
  fc
    .tuple(
      fc.uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 }),
      fc.constantFrom(undefined, 10, 20),
    )
    .map(([ids, stickySeconds]) => ({
      match,
      endpoints: ids.map((id) => ({ id, at: `10.244.0.${id} . 8080` })),
      stickySeconds,
    })),
  { nil: undefined },
);

describe('diffTranslation()', () => {
  it('leads from any state to any other, and every look in between finds something whole', () => {
    fc.assert(
      fc.property(translations, translations, (before, after) => {
        const states = steps(contents(before), diffTranslation(before, after));
        assert.deepEqual(states.at(-1), contents(after));
        for (const maps of states) assert.ok(isWhole(maps, match));
      }),
    );
  });

  it('changes nothing where nothing changed', () => {
    fc.assert(
      fc.property(translations, (same) =>
        assert.deepEqual(diffTranslation(same, same), { updates: [], deletions: [] }),
      ),
    );
  });
});

describe('layout', () => {
  it('has IPv4 as mapped IPv6, ports in network byte order', () => {
    assert.equal(
      Buffer.from(encodePeer('10.96.0.10 . 80')).toString('hex'),
      '00000000000000000000ffff0a60000a00500000',
    );
    const slot = new DataView(new ArrayBuffer(28));
    writeSlot(slot, 0, 'udp . fd00:96::a . 53', 3);
    assert.deepEqual(
      [slot.getUint16(0), slot.getUint8(15), slot.getUint16(16), slot.getUint8(LITTLE_ENDIAN ? 20 : 23)],
      [0xfd00, 0x0a, 53, 17],
    );
  });
});

describe('programs', () => {
  it('have names that the kernel takes', () => {
    for (const { name } of Object.values(PROGRAMS)) assert.match(name, /^[a-z0-9_]{1,15}$/);
  });

  it('give a peer the name by which its socket knows it', () => {
    assert.equal(
      programText(PROGRAMS.recvmsg4.program),
      `  r6 = r1
  *(u64 *)(r10 - 72) = 0
  *(u32 *)(r10 - 64) = -65536
  r1 = *(u32 *)(r6 + 4)
  *(u32 *)(r10 - 60) = r1
  r1 = *(u32 *)(r6 + 24)
  *(u32 *)(r10 - 56) = r1
  r1 = r6
  call get_socket_cookie
  *(u64 *)(r10 - 80) = r0
  r1 = map[fronts]
  r2 = r10
  r2 += -80
  call map_lookup_elem
  if r0 == 0 goto pass
  r8 = r0
  r1 = *(u32 *)(r8 + 12)
  *(u32 *)(r6 + 4) = r1
  r1 = *(u32 *)(r8 + 16)
  *(u32 *)(r6 + 24) = r1
pass:
  r0 = 1
  exit`,
    );
  });
});
