// Numbers of the DNS. https://www.iana.org/assignments/dns-parameters/

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  DNAME: 39,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

export const CLASS_IN = 1;
export const CLASS_ANY = 255;

export const OPCODE_QUERY = 0;

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** RFC 6891 6.1.3; the upper bits travel in OPT. */
  BADVERS: 16,
} as const;

const TYPE_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(TYPE).map(([name, value]) => [value, name]),
);

/** `A`, or `TYPE65` (RFC 3597 5) for a type without a name here. */
export const typeName = (type: number): string => TYPE_NAMES.get(type) ?? `TYPE${type}`;
