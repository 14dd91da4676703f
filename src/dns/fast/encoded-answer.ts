// An answer as bytes, made once and then copied for everyone who asks the same. What differs from one asker to the next
// is patched: id, RD and CD, the case of the name, the order of addresses, EDNS, and where it does not fit the rest.
//
//   id flags counts │ question │ fixed records │ addresses, each as long as the next, which take turns │ OPT
import { encodeMessage } from '../../wire/dns/codec.ts';
import { TYPE } from '../../wire/dns/constants.ts';
import type { Question } from '../../wire/dns/message.ts';
import type { ZoneAnswer } from '../answer.ts';
import { UDP_BYTES_MAX } from '../udp-size.ts';
import { OPT_BYTES } from './query-scan.ts';
import type { QueryScan } from './query-scan.ts';

export type EncodedAnswer = {
  readonly bytes: Buffer;
  readonly rcode: number;
  /** The last `turns` records of `turnBytes` each change places. */
  readonly turns: number;
  readonly turnBytes: number;
};

const ANSWER_COUNT_AT = 6;
const QUESTION_AT = 12;
const TC = 0x02;
const RD = 0x01;
const CD = 0x10;

/** Owner (a pointer), type, class, TTL, length, address. */
const RECORD_BYTES: ReadonlyMap<number, number> = new Map([
  [TYPE.A, 16],
  [TYPE.AAAA, 28],
]);

export const encodeAnswer = (
  question: Question,
  { rcode, answers, authorities, additionals }: Extract<ZoneAnswer, { kind: 'answer' }>,
): EncodedAnswer => {
  const flags = {
    qr: true,
    opcode: 0,
    aa: true,
    tc: false,
    rd: false,
    ra: true,
    ad: false,
    cd: false,
    rcode,
  };
  const sections = { answers, authorities, additionals };
  const bytes = Buffer.from(
    encodeMessage({ id: 0, flags, questions: [question], ...sections, edns: undefined }),
  );
  const turnBytes = RECORD_BYTES.get(question.type) ?? 0;
  const aliases = answers.filter(({ type }) => type !== question.type).length; // the first ones
  // as many as there are in `bytes`: of thousands of addresses not all fit into any message
  const turns = turnBytes > 0 ? bytes.readUInt16BE(ANSWER_COUNT_AT) - aliases : 0;
  return { bytes, rcode, turns, turnBytes };
};

/** Returns how long the answer to this query is; 0 if it does not fit and cannot simply be cut. */
export const writeAnswer = (
  answer: EncodedAnswer,
  { query, scan, rotation }: { readonly query: Buffer; readonly scan: QueryScan; readonly rotation: number },
  reply: Buffer,
): number => {
  const { bytes, turns, turnBytes } = answer;
  const fixed = bytes.length - turns * turnBytes;
  const room = Math.min(reply.length, scan.limitBytes) - (scan.hasOpt ? OPT_BYTES : 0);
  const kept = bytes.length <= room ? turns : Math.floor((room - fixed) / turnBytes);
  if (!(kept >= 0)) return 0; // also NaN: nothing to cut
  bytes.copy(reply, 0, 0, fixed);
  query.copy(reply, QUESTION_AT, QUESTION_AT, scan.questionEnd);
  reply[0] = query[0]!;
  reply[1] = query[1]!;
  reply[2] = bytes[2]! | (query[2]! & RD) | (kept < turns ? TC : 0);
  reply[3] = bytes[3]! | (query[3]! & CD);
  copyTurned(answer, { fixed, kept, first: turns > 1 ? rotation % turns : 0 }, reply);
  if (kept < turns)
    reply.writeUInt16BE(bytes.readUInt16BE(ANSWER_COUNT_AT) - (turns - kept), ANSWER_COUNT_AT);
  const end = fixed + kept * turnBytes;
  return scan.hasOpt ? writeOpt(reply, end, scan.dnssecOk) : end;
};

type Turn = { readonly fixed: number; readonly kept: number; readonly first: number };

/** From the first on, and from the beginning again. */
const copyTurned = (
  { bytes, turns, turnBytes }: EncodedAnswer,
  { fixed, kept, first }: Turn,
  reply: Buffer,
): void => {
  const head = Math.min(kept, turns - first) * turnBytes;
  const from = fixed + first * turnBytes;
  bytes.copy(reply, fixed, from, from + head);
  bytes.copy(reply, fixed + head, fixed, fixed + kept * turnBytes - head);
};

const writeOpt = (reply: Buffer, at: number, dnssecOk: boolean): number => {
  reply[at] = 0;
  reply.writeUInt16BE(TYPE.OPT, at + 1);
  reply.writeUInt16BE(UDP_BYTES_MAX, at + 3);
  reply.writeUInt32BE(dnssecOk ? 0x8000 : 0, at + 5);
  reply.writeUInt16BE(0, at + 9);
  reply.writeUInt16BE(reply.readUInt16BE(10) + 1, 10);
  return at + OPT_BYTES;
};
