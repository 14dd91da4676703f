// Whole messages, to bytes and back. Nothing that comes from the network throws out of here.
import { TYPE } from './constants.ts';
import type { Edns, Flags, Message, Question, ResourceRecord } from './message.ts';
import { DnsFormatError, readName } from './name.ts';
import { readData, writeRecord } from './record.ts';
import { DnsWriter } from './writer.ts';

export type Decoded =
  | { readonly ok: true; readonly message: Message }
  /** `id` and `flags` as far as there was a header: enough for a FORMERR. */
  | { readonly ok: false; readonly reason: string; readonly header: Header | undefined };

export type Header = Pick<Message, 'id' | 'flags'>;

const HEADER_BYTES = 12;
/** Owner (root), type, size, flags, length: RFC 6891 6.1.2. */
const OPT_BYTES = 11;

export const decodeMessage = (bytes: Uint8Array): Decoded => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.length < HEADER_BYTES) return { ok: false, reason: 'shorter than a header', header: undefined };
  const header = { id: buffer.readUInt16BE(0), flags: readFlags(buffer.readUInt16BE(2)) };
  try {
    return { ok: true, message: readMessage(buffer, header) };
  } catch (error) {
    if (!(error instanceof DnsFormatError)) throw error;
    return { ok: false, reason: error.message, header };
  }
};

/** The message in at most `limitBytes`: whole records are left out and TC is set where it would be longer (RFC 2181 9). */
export const encodeMessage = (message: Message, limitBytes = 65_535): Uint8Array => {
  const writer = new DnsWriter();
  const room = limitBytes - (message.edns ? optBytes(message.edns) : 0);
  for (let i = 0; i < HEADER_BYTES; i += 2) writer.u16(0);
  for (const question of message.questions) writeQuestion(writer, question);
  const answers = writeSection(writer, message.answers, room);
  const authorities = answers.isWhole ? writeSection(writer, message.authorities, room) : NOTHING;
  // What is only additional may be missing without a word (RFC 2181 9).
  const isWhole = answers.isWhole && authorities.isWhole;
  const additionals = isWhole ? writeSection(writer, message.additionals, room) : NOTHING;
  if (message.edns) writeOpt(writer, message.edns, message.flags.rcode);
  const flags = isWhole ? message.flags : { ...message.flags, tc: true };
  const opts = message.edns ? 1 : 0;
  const counts = [message.questions.length, answers.count, authorities.count, additionals.count + opts];
  [message.id, flagBits(flags), ...counts].forEach((value, index) => writer.setU16(2 * index, value));
  return writer.bytes();
};

type Written = { readonly count: number; readonly isWhole: boolean };

const NOTHING: Written = { count: 0, isWhole: false };

const writeSection = (writer: DnsWriter, records: readonly ResourceRecord[], room: number): Written => {
  let count = 0;
  for (const record of records) {
    const before = writer.length;
    writeRecord(writer, record);
    if (writer.length > room) {
      writer.truncate(before);
      return { count, isWhole: false };
    }
    count++;
  }
  return { count, isWhole: true };
};

const writeQuestion = (writer: DnsWriter, { name, type, class: of }: Question): void => {
  writer.compressedName(name);
  writer.u16(type);
  writer.u16(of);
};

const optBytes = ({ options }: Edns): number =>
  options.reduce((sum, { bytes }) => sum + 4 + bytes.length, OPT_BYTES);

const writeOpt = (writer: DnsWriter, { udpBytes, version, dnssecOk, options }: Edns, rcode: number): void => {
  writer.u8(0);
  writer.u16(TYPE.OPT);
  writer.u16(udpBytes);
  writer.u8(rcode >> 4);
  writer.u8(version);
  writer.u16(dnssecOk ? 0x8000 : 0);
  writer.u16(options.reduce((sum, { bytes }) => sum + 4 + bytes.length, 0));
  for (const { code, bytes } of options) {
    writer.u16(code);
    writer.u16(bytes.length);
    writer.raw(bytes);
  }
};

//  15  14..11  10   9   8   7   6   5   4   3..0
//  QR  opcode  AA  TC  RD  RA   0  AD  CD  rcode
const readFlags = (bits: number): Flags => ({
  qr: (bits & 0x8000) !== 0,
  opcode: (bits >> 11) & 0xf,
  aa: (bits & 0x0400) !== 0,
  tc: (bits & 0x0200) !== 0,
  rd: (bits & 0x0100) !== 0,
  ra: (bits & 0x0080) !== 0,
  ad: (bits & 0x0020) !== 0,
  cd: (bits & 0x0010) !== 0,
  rcode: bits & 0xf,
});

const flagBits = (flags: Flags): number =>
  (flags.qr ? 0x8000 : 0) |
  (flags.opcode << 11) |
  (flags.aa ? 0x0400 : 0) |
  (flags.tc ? 0x0200 : 0) |
  (flags.rd ? 0x0100 : 0) |
  (flags.ra ? 0x0080 : 0) |
  (flags.ad ? 0x0020 : 0) |
  (flags.cd ? 0x0010 : 0) |
  (flags.rcode & 0xf);

const readMessage = (bytes: Buffer, { id, flags }: Header): Message => {
  const reader = { bytes, at: HEADER_BYTES };
  const questions = repeat(bytes.readUInt16BE(4), () => readQuestion(reader));
  const answers = repeat(bytes.readUInt16BE(6), () => readRecord(reader));
  const authorities = repeat(bytes.readUInt16BE(8), () => readRecord(reader));
  const rest = repeat(bytes.readUInt16BE(10), () => readRecord(reader));
  const opts = rest.filter(({ type }) => type === TYPE.OPT);
  if (opts.length > 1) throw new DnsFormatError('more than one OPT record'); // RFC 6891 6.1.1
  const [opt] = opts;
  return {
    id,
    flags: opt ? { ...flags, rcode: ((opt.ttlSeconds >>> 24) << 4) | flags.rcode } : flags,
    questions,
    answers,
    authorities,
    additionals: opt ? rest.filter((record) => record !== opt) : rest,
    edns: opt && readEdns(opt),
  };
};

/** Counts in a header are claims: reading stops at the first thing that is not there. */
const repeat = <T>(count: number, read: () => T): readonly T[] => {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
};

type Reader = { readonly bytes: Buffer; at: number };

const take = (reader: Reader, size: number): number => {
  const { at } = reader;
  if (at + size > reader.bytes.length) throw new DnsFormatError('the message ends early');
  reader.at += size;
  return at;
};

const readQuestion = (reader: Reader): Question => {
  const { name, end } = readName(reader.bytes, reader.at);
  reader.at = end;
  const at = take(reader, 4);
  return { name, type: reader.bytes.readUInt16BE(at), class: reader.bytes.readUInt16BE(at + 2) };
};

const readRecord = (reader: Reader): ResourceRecord => {
  const { bytes } = reader;
  const { name, end } = readName(bytes, reader.at);
  reader.at = end;
  const at = take(reader, 10);
  const type = bytes.readUInt16BE(at);
  const start = take(reader, bytes.readUInt16BE(at + 8));
  return {
    name,
    type,
    class: bytes.readUInt16BE(at + 2),
    ttlSeconds: bytes.readUInt32BE(at + 4),
    data: readData(bytes, type, start, reader.at),
  };
};

/** OPT keeps its own things in the places of class and TTL (RFC 6891 6.1.3). */
const readEdns = ({ class: udpBytes, ttlSeconds, data }: ResourceRecord): Edns => ({
  udpBytes,
  version: (ttlSeconds >>> 16) & 0xff,
  dnssecOk: (ttlSeconds & 0x8000) !== 0,
  options: data.kind === 'raw' ? readOptions(Buffer.from(data.bytes)) : [],
});

const readOptions = (bytes: Buffer): Edns['options'] => {
  const options: { code: number; bytes: Uint8Array }[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt16BE(at + 2) : Infinity;
    if (end > bytes.length) throw new DnsFormatError('an EDNS option ends after its record');
    options.push({ code: bytes.readUInt16BE(at), bytes: bytes.subarray(at + 4, end) });
    at = end;
  }
  return options;
};
