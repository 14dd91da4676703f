// What records say, to bytes and back. Names in old types may be compressed; unknown types stay bytes (RFC 3597).
import { TYPE } from './constants.ts';
import type { RecordData, ResourceRecord } from './message.ts';
import { DnsFormatError, readName } from './name.ts';
import type { DnsWriter } from './writer.ts';

export const writeRecord = (writer: DnsWriter, record: ResourceRecord): void => {
  writer.compressedName(record.name);
  writer.u16(record.type);
  writer.u16(record.class);
  writer.u32(record.ttlSeconds);
  writer.u16(0);
  const start = writer.length;
  writeData(writer, record.type, record.data);
  writer.setU16(start - 2, writer.length - start);
};

const writeData = (writer: DnsWriter, type: number, data: RecordData): void => {
  switch (data.kind) {
    case 'address':
    case 'raw':
      return writer.raw(data.bytes);
    case 'name':
      return type === TYPE.DNAME ? writer.plainName(data.name) : writer.compressedName(data.name);
    case 'srv':
      for (const value of [data.priority, data.weight, data.port]) writer.u16(value);
      return writer.plainName(data.target); // RFC 2782: not compressed
    case 'mx':
      writer.u16(data.preference);
      return writer.compressedName(data.exchange);
    case 'txt':
      for (const text of data.texts) {
        writer.u8(text.length);
        writer.raw(text);
      }
      return;
    case 'soa':
      writer.compressedName(data.mname);
      writer.compressedName(data.rname);
      for (const value of [data.serial, data.refreshSeconds, data.retrySeconds]) writer.u32(value);
      for (const value of [data.expireSeconds, data.minimumSeconds]) writer.u32(value);
  }
};

/** `start` to `end` are the record's own bytes; names may point before them. Throws DnsFormatError. */
export const readData = (bytes: Buffer, type: number, start: number, end: number): RecordData => {
  switch (type) {
    case TYPE.A:
      return { kind: 'address', bytes: exactly(bytes, start, end, 4) };
    case TYPE.AAAA:
      return { kind: 'address', bytes: exactly(bytes, start, end, 16) };
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
    case TYPE.DNAME:
      return { kind: 'name', name: lastName(bytes, start, end) };
    case TYPE.MX:
      need(start, end, 3);
      return { kind: 'mx', preference: bytes.readUInt16BE(start), exchange: lastName(bytes, start + 2, end) };
    case TYPE.SRV:
      return readSrv(bytes, start, end);
    case TYPE.TXT:
      return { kind: 'txt', texts: readTexts(bytes, start, end) };
    case TYPE.SOA:
      return readSoa(bytes, start, end);
    default:
      return { kind: 'raw', bytes: bytes.subarray(start, end) };
  }
};

const need = (start: number, end: number, size: number): void => {
  if (end - start < size) throw new DnsFormatError('a record is too short');
};

const exactly = (bytes: Buffer, start: number, end: number, size: number): Uint8Array => {
  if (end - start !== size) throw new DnsFormatError(`an address record has ${end - start} bytes`);
  return bytes.subarray(start, end);
};

const lastName = (bytes: Buffer, start: number, end: number): string => {
  const read = readName(bytes, start);
  if (read.end !== end) throw new DnsFormatError('a record does not end with its name');
  return read.name;
};

const readSrv = (bytes: Buffer, start: number, end: number): RecordData => {
  need(start, end, 7);
  return {
    kind: 'srv',
    priority: bytes.readUInt16BE(start),
    weight: bytes.readUInt16BE(start + 2),
    port: bytes.readUInt16BE(start + 4),
    target: lastName(bytes, start + 6, end),
  };
};

const readTexts = (bytes: Buffer, start: number, end: number): readonly Uint8Array[] => {
  const texts: Uint8Array[] = [];
  for (let at = start; at < end;) {
    const next = at + 1 + bytes[at]!;
    if (next > end) throw new DnsFormatError('a text ends after its record');
    texts.push(bytes.subarray(at + 1, next));
    at = next;
  }
  return texts;
};

const readSoa = (bytes: Buffer, start: number, end: number): RecordData => {
  const mname = readName(bytes, start);
  const rname = readName(bytes, mname.end);
  if (end - rname.end !== 20) throw new DnsFormatError('an SOA record does not have five numbers');
  const value = (index: number): number => bytes.readUInt32BE(rname.end + 4 * index);
  return {
    kind: 'soa',
    mname: mname.name,
    rname: rname.name,
    serial: value(0),
    refreshSeconds: value(1),
    retrySeconds: value(2),
    expireSeconds: value(3),
    minimumSeconds: value(4),
  };
};
