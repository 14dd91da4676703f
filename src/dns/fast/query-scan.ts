// Looks at the bytes of a query without making a message of it: nearly all queries are one plain question.
//
//   header 12 │ labels ... 0 │ type 2 │ class 2 │ nothing, or one OPT record to the end
import { CLASS_IN, TYPE } from '../../wire/dns/constants.ts';
import { UDP_BYTES_MAX, UDP_BYTES_MIN } from '../udp-size.ts';

const HEADER_BYTES = 12;
/** Owner (root), type, size, extended code, version, flags, length: RFC 6891 6.1.2. */
export const OPT_BYTES = 11;
const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;

/** One is used for all queries, so that none costs an object. Its fields are of the last query for which scan() was true. */
export class QueryScan {
  /** The question is the bytes from 12 to here. */
  questionEnd = 0;
  hasOpt = false;
  dnssecOk = false;
  /** How long the answer may be. */
  limitBytes = UDP_BYTES_MIN;

  /** False: nothing is known, the codec must look at it. */
  scan(query: Buffer, length: number): boolean {
    if (length < HEADER_BYTES + 5) return false;
    // a query, opcode 0, not truncated; one question, no answers, no authorities, at most one additional
    if ((query[2]! & 0xfa) !== 0 || query.readUInt32BE(4) !== 0x0001_0000 || query.readUInt16BE(8) !== 0)
      return false;
    const nameEnd = endOfName(query, length);
    if (nameEnd < 0 || nameEnd + 4 > length) return false;
    this.questionEnd = nameEnd + 4;
    if (query.readUInt16BE(nameEnd + 2) !== CLASS_IN) return false;
    const additionals = query.readUInt16BE(10);
    this.hasOpt = additionals === 1;
    if (this.hasOpt) return this.#scanOpt(query, length);
    this.dnssecOk = false;
    this.limitBytes = UDP_BYTES_MIN;
    return additionals === 0 && this.questionEnd === length;
  }

  #scanOpt(query: Buffer, length: number): boolean {
    const at = this.questionEnd;
    if (at + OPT_BYTES > length || query[at] !== 0 || query.readUInt16BE(at + 1) !== TYPE.OPT) return false;
    if (query[at + 6] !== 0) return false; // another version of EDNS
    this.limitBytes = Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, query.readUInt16BE(at + 3)));
    this.dnssecOk = (query[at + 7]! & 0x80) !== 0;
    return (
      at + OPT_BYTES + query.readUInt16BE(at + 9) === length && areOptions(query, at + OPT_BYTES, length)
    );
  }
}

/** Where the first question's name ends; -1 if it does not, or has a pointer. */
const endOfName = (query: Buffer, length: number): number => {
  let at = HEADER_BYTES;
  for (let label = query[at]!; label !== 0; label = query[at]!) {
    at += 1 + label;
    if (label > LABEL_BYTES_MAX || at >= length) return -1;
  }
  return at + 1 - HEADER_BYTES > NAME_BYTES_MAX ? -1 : at + 1;
};

const areOptions = (query: Buffer, start: number, end: number): boolean => {
  let at = start;
  while (at + 4 <= end) at += 4 + query.readUInt16BE(at + 2);
  return at === end;
};
