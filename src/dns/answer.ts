// What the zone says to a question. Pure.
//
//   name not in the zone ............................ outside: somebody else knows
//   name does not exist ............................. NXDOMAIN, SOA in authority
//   name exists, type does not ...................... NOERROR without answers, SOA in authority (NODATA, RFC 2308)
//   CNAME ........................................... followed while it stays in the zone; then it is an alias
import { CLASS_IN, RCODE, TYPE } from '../wire/dns/constants.ts';
import type { Question, RecordData, ResourceRecord } from '../wire/dns/message.ts';
import { lowerName } from '../wire/dns/name.ts';
import type { Lookup, RecordSets } from './zone.ts';

export type ZoneView = {
  readonly domain: string;
  /** `name` in lower case. */
  readonly lookUp: (name: string) => Lookup;
  /** Whether an absent name is ours to deny. */
  readonly isOurs: (name: string) => boolean;
  readonly soa: RecordData;
  readonly ttlSeconds: number;
};

/** What an answer is made from. */
export type ZoneSource = ZoneView & {
  /** Whether what the zone says of the name changes without a word. */
  readonly isVolatile: (name: string) => boolean;
};

export type ZoneAnswer =
  | { readonly kind: 'outside' }
  | {
      readonly kind: 'answer';
      readonly rcode: number;
      readonly answers: readonly ResourceRecord[];
      readonly authorities: readonly ResourceRecord[];
      readonly additionals: readonly ResourceRecord[];
    }
  /** The answer begins with these; the rest is for `target` outside. */
  | { readonly kind: 'alias'; readonly answers: readonly ResourceRecord[]; readonly target: string };

const CNAME_HOPS_MAX = 8;

/** `rotation` turns the addresses, so that clients which take the first do not all take the same. */
export const answerFromZone = (question: Question, zone: ZoneView, rotation: number): ZoneAnswer => {
  const name = lowerName(question.name);
  const found = zone.lookUp(name);
  if (found.kind === 'absent' && !zone.isOurs(name)) return { kind: 'outside' };
  return follow(question, zone, rotation, { owner: question.name, found, answers: [] });
};

type Step = { readonly owner: string; readonly found: Lookup; readonly answers: readonly ResourceRecord[] };

const follow = (question: Question, zone: ZoneView, rotation: number, step: Step): ZoneAnswer => {
  const { owner, found, answers } = step;
  if (found.kind === 'absent') return negative(RCODE.NXDOMAIN, zone, step);
  if (found.kind === 'empty') return negative(RCODE.NOERROR, zone, step);
  const sets = lowerName(owner) === zone.domain ? withSoa(found.sets, zone.soa) : found.sets;
  const records = recordsOf(zone, { owner, sets, type: question.type, rotation });
  if (records.length > 0) return positive([...answers, ...records], zone);
  const target = question.type === TYPE.CNAME ? undefined : cnameOf(sets);
  if (target === undefined) return negative(RCODE.NOERROR, zone, step);
  const alias = [
    ...answers,
    recordOf(zone, { name: owner, type: TYPE.CNAME, data: { kind: 'name', name: target } }),
  ];
  if (alias.length > CNAME_HOPS_MAX) return negative(RCODE.SERVFAIL, zone, { owner, answers: alias });
  const next = zone.lookUp(target);
  if (next.kind === 'absent' && !zone.isOurs(target)) return { kind: 'alias', answers: alias, target };
  return follow(question, zone, rotation, { owner: target, found: next, answers: alias });
};

const withSoa = (sets: RecordSets, soa: RecordData): RecordSets => new Map([...sets, [TYPE.SOA, [soa]]]);

const cnameOf = (sets: RecordSets): string | undefined => {
  const [data] = sets.get(TYPE.CNAME) ?? [];
  return data?.kind === 'name' ? data.name : undefined;
};

/** ANY gets one set, not all: less to send to a forged address (RFC 8482 4.1). */
const recordsOf = (zone: ZoneView, { owner, sets, type, rotation }: Wanted): readonly ResourceRecord[] => {
  const [wanted = type] = type === TYPE.ANY ? sets.keys() : [type];
  return rotated(sets.get(wanted) ?? [], rotation).map((data) =>
    recordOf(zone, { name: owner, type: wanted, data }),
  );
};

type Wanted = {
  readonly owner: string;
  readonly sets: RecordSets;
  readonly type: number;
  readonly rotation: number;
};

const rotated = <T>(items: readonly T[], by: number): readonly T[] => {
  const start = items.length > 1 ? by % items.length : 0;
  return start === 0 ? items : [...items.slice(start), ...items.slice(0, start)];
};

const recordOf = (
  { ttlSeconds }: ZoneView,
  record: Pick<ResourceRecord, 'name' | 'type' | 'data'>,
): ResourceRecord => ({ ...record, class: CLASS_IN, ttlSeconds });

const positive = (answers: readonly ResourceRecord[], zone: ZoneView): ZoneAnswer => ({
  kind: 'answer',
  rcode: RCODE.NOERROR,
  answers,
  authorities: [],
  additionals: targetsOf(answers).flatMap((target) => addressesAt(target, zone)),
});

const targetsOf = (answers: readonly ResourceRecord[]): readonly string[] => [
  ...new Set(
    answers.flatMap(({ type, data }) => {
      if (data.kind === 'srv') return [data.target];
      return data.kind === 'name' && type === TYPE.NS ? [data.name] : [];
    }),
  ),
];

const addressesAt = (name: string, zone: ZoneView): readonly ResourceRecord[] => {
  const found = zone.lookUp(name);
  if (found.kind !== 'found') return [];
  return [TYPE.A, TYPE.AAAA].flatMap((type) =>
    (found.sets.get(type) ?? []).map((data) => recordOf(zone, { name, type, data })),
  );
};

const negative = (rcode: number, zone: ZoneView, denied: Denied): ZoneAnswer => ({
  kind: 'answer',
  rcode,
  answers: denied.answers,
  additionals: [],
  authorities: [recordOf(zone, { name: zoneOf(denied.owner, zone.domain), type: TYPE.SOA, data: zone.soa })],
});

type Denied = Pick<Step, 'owner' | 'answers'>;

/** The zone that a denied name is in: reverse names have their own (RFC 2308 3: the SOA is the zone's). */
const zoneOf = (owner: string, domain: string): string => {
  const name = lowerName(owner);
  return ['in-addr.arpa', 'ip6.arpa'].find((zone) => name.endsWith(`.${zone}`)) ?? domain;
};
