// The records of the cluster's zone. They print as lines of a zone file (RFC 1035 5.1).
import { addressFromBytes, formatAddress } from '../ip/address.ts';
import { typeName } from '../wire/dns/constants.ts';
import type { RecordData } from '../wire/dns/message.ts';

export type ZoneRecord = {
  /** Lower case, absolute, without the last dot. */
  readonly name: string;
  /** NAME_ONLY: the name exists, but has no record. */
  readonly type: number;
  readonly data: RecordData;
};

export const NAME_ONLY = 0;

/** A name that exists without a record: asked for, it has no data, but it is no NXDOMAIN. */
export const nameOnly = (name: string): ZoneRecord => ({
  name,
  type: NAME_ONLY,
  data: { kind: 'raw', bytes: new Uint8Array() },
});

/** How long answers may be kept: short, as a Service's endpoints change at any time. CoreDNS' default too. */
export const TTL_SECONDS = 5;

/** One line a record, in an order of its own. */
export const toText = (records: readonly ZoneRecord[], ttlSeconds = TTL_SECONDS): string =>
  records
    .map((record) => toLine(record, ttlSeconds))
    .sort()
    .join('\n');

export const toLine = ({ name, type, data }: ZoneRecord, ttlSeconds = TTL_SECONDS): string =>
  type === NAME_ONLY ? `${name}.` : `${name}. ${ttlSeconds} IN ${typeName(type)} ${dataText(data)}`;

const dataText = (data: RecordData): string => {
  switch (data.kind) {
    case 'address':
      return formatAddress(addressFromBytes(data.bytes));
    case 'name':
      return `${data.name}.`;
    case 'srv':
      return `${data.priority} ${data.weight} ${data.port} ${data.target}.`;
    case 'mx':
      return `${data.preference} ${data.exchange}.`;
    case 'txt':
      return data.texts.map((text) => JSON.stringify(Buffer.from(text).toString())).join(' ');
    case 'soa':
      return `${data.mname}. ${data.rname}. ${data.serial} ${data.refreshSeconds} ${data.retrySeconds} ${data.expireSeconds} ${data.minimumSeconds}`;
    case 'raw':
      return `\\# ${data.bytes.length} ${Buffer.from(data.bytes).toString('hex')}`; // RFC 3597 5
  }
};
