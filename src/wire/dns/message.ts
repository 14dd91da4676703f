// A DNS message as data (RFC 1035 4).
//
//   +---------------------+
//   |        Header       |  id, flags, four counts: 12 bytes
//   +---------------------+
//   |       Question      |
//   |        Answer       |
//   |      Authority      |
//   |      Additional     |  OPT (RFC 6891) is kept apart, as `edns`
//   +---------------------+

export type Flags = {
  /** Question (false) or response (true). */
  readonly qr: boolean;
  readonly opcode: number;
  /** Authoritative answer. */
  readonly aa: boolean;
  /** Truncated. */
  readonly tc: boolean;
  /** Recursion desired, available. */
  readonly rd: boolean;
  readonly ra: boolean;
  /** Authentic data, checking disabled (RFC 4035). */
  readonly ad: boolean;
  readonly cd: boolean;
  /** With the upper bits of OPT: 0..4095. */
  readonly rcode: number;
};

export type Question = {
  /** With the sender's case, absolute, without the last dot; '' is the root. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
};

/** What a record says, by its type. Types without a shape here travel as bytes (RFC 3597). */
export type RecordData =
  | { readonly kind: 'address'; readonly bytes: Uint8Array }
  | { readonly kind: 'name'; readonly name: string }
  | {
      readonly kind: 'srv';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly kind: 'mx'; readonly preference: number; readonly exchange: string }
  | { readonly kind: 'txt'; readonly texts: readonly Uint8Array[] }
  | {
      readonly kind: 'soa';
      readonly mname: string;
      readonly rname: string;
      readonly serial: number;
      readonly refreshSeconds: number;
      readonly retrySeconds: number;
      readonly expireSeconds: number;
      /** How long a negative answer may be kept (RFC 2308 4). */
      readonly minimumSeconds: number;
    }
  | { readonly kind: 'raw'; readonly bytes: Uint8Array };

export type ResourceRecord = {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  readonly data: RecordData;
};

export type Edns = {
  /** How large a UDP message the sender takes. */
  readonly udpBytes: number;
  readonly version: number;
  /** DNSSEC wanted. */
  readonly dnssecOk: boolean;
  readonly options: readonly { readonly code: number; readonly bytes: Uint8Array }[];
};

export type Message = {
  readonly id: number;
  readonly flags: Flags;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  readonly additionals: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
};
