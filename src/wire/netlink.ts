// Netlink messages (RFC 3549 2.3.2). Numbers are in the machine's own byte order.
//
//   0        4      6       8          12     16
//   | length | type | flags | sequence | port | payload, padded to 4 bytes

export type NetlinkMessage = {
  readonly type: number;
  readonly flags: number;
  /** Echoed in the answers to a request. */
  readonly sequence: number;
  readonly payload: Uint8Array;
};

/** linux/netlink.h: types of messages. */
export const NLMSG = { error: 2, done: 3 } as const;

/** linux/netlink.h: flags of requests; `create` and below are for NEW requests. */
export const NLM_F = {
  request: 0x1,
  ack: 0x4,
  /** Of an answer: what is listed changed meanwhile, so that something may be missing. */
  dumpInterrupted: 0x10,
  dump: 0x300,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
} as const;

const HEADER = 16;
const CAPPED = 0x100; // NLM_F_CAPPED: the failed request is not repeated after its header
const ACK_ATTRIBUTES = 0x200; // NLM_F_ACK_TLVS
const MESSAGE_ATTRIBUTE = 1; // NLMSGERR_ATTR_MSG

/** True on little-endian machines. */
export const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Rounds up to the boundary of messages and attributes. */
export const align4 = (length: number): number => (length + 3) & ~3;

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The messages one after the other: the kernel takes several requests in one datagram. */
export const encodeMessages = (messages: readonly NetlinkMessage[]): Uint8Array => {
  const sizes = messages.map(({ payload }) => align4(HEADER + payload.length));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  const view = viewOf(bytes);
  let offset = 0;
  messages.forEach(({ type, flags, sequence, payload }, index) => {
    view.setUint32(offset, HEADER + payload.length, LITTLE_ENDIAN);
    view.setUint16(offset + 4, type, LITTLE_ENDIAN);
    view.setUint16(offset + 6, flags, LITTLE_ENDIAN);
    view.setUint32(offset + 8, sequence, LITTLE_ENDIAN);
    bytes.set(payload, offset + HEADER);
    offset += sizes[index]!;
  });
  return bytes;
};

/** The messages of one datagram, their payloads views of it; a message cut short ends the list. */
export const decodeMessages = (bytes: Uint8Array): readonly NetlinkMessage[] => {
  const view = viewOf(bytes);
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset + HEADER <= bytes.length;) {
    const length = view.getUint32(offset, LITTLE_ENDIAN);
    if (length < HEADER || offset + length > bytes.length) break;
    messages.push({
      type: view.getUint16(offset + 4, LITTLE_ENDIAN),
      flags: view.getUint16(offset + 6, LITTLE_ENDIAN),
      sequence: view.getUint32(offset + 8, LITTLE_ENDIAN),
      payload: bytes.subarray(offset + HEADER, offset + length),
    });
    offset += align4(length);
  }
  return messages;
};

export type NetlinkAck = {
  /** 0 for success. */
  readonly errno: number;
  /** The kernel's own words (NETLINK_EXT_ACK), where it has any. */
  readonly detail: string | undefined;
};

/** Reads an NLMSG_ERROR (an acknowledgement if its errno is 0) or an NLMSG_DONE. */
export const decodeAck = ({ type, flags, payload }: NetlinkMessage): NetlinkAck => {
  const view = viewOf(payload);
  const errno = payload.length >= 4 ? -view.getInt32(0, LITTLE_ENDIAN) : 0;
  if (!(flags & ACK_ATTRIBUTES)) return { errno: errno === 0 ? 0 : errno, detail: undefined };
  const repeated = type === NLMSG.done ? 0 : flags & CAPPED ? HEADER : view.getUint32(4, LITTLE_ENDIAN);
  const attributes = decodeAttributes(payload.subarray(align4(4 + repeated)));
  const text = attributes.get(MESSAGE_ATTRIBUTE);
  return { errno, detail: text && textOf(text) };
};

/** A type and a value. An attribute's own header is | length (2) | type (2) |; values are padded to 4 bytes. */
export type Attribute = readonly [type: number, value: Uint8Array];

const ATTRIBUTE_HEADER = 4;
const TYPE_MASK = 0x3fff; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER

/** The attributes in order; undefined ones are left out, so that optional fields stay in line. */
export const encodeAttributes = (attributes: readonly (Attribute | undefined)[]): Uint8Array => {
  const present = attributes.filter((attribute) => attribute !== undefined);
  const bytes = new Uint8Array(
    present.reduce((sum, [, value]) => sum + align4(ATTRIBUTE_HEADER + value.length), 0),
  );
  const view = viewOf(bytes);
  let offset = 0;
  for (const [type, value] of present) {
    view.setUint16(offset, ATTRIBUTE_HEADER + value.length, LITTLE_ENDIAN);
    view.setUint16(offset + 2, type, LITTLE_ENDIAN);
    bytes.set(value, offset + ATTRIBUTE_HEADER);
    offset += align4(ATTRIBUTE_HEADER + value.length);
  }
  return bytes;
};

/** Values by type, as views of the bytes; of attributes with the same type the last one. */
export const decodeAttributes = (bytes: Uint8Array): ReadonlyMap<number, Uint8Array> =>
  new Map(decodeAttributeList(bytes));

/** All of them in order, their values views of the bytes; one cut short ends the list. */
export const decodeAttributeList = (bytes: Uint8Array): readonly Attribute[] => {
  const view = viewOf(bytes);
  const attributes: Attribute[] = [];
  for (let offset = 0; offset + ATTRIBUTE_HEADER <= bytes.length;) {
    const length = view.getUint16(offset, LITTLE_ENDIAN);
    if (length < ATTRIBUTE_HEADER || offset + length > bytes.length) break;
    const type = view.getUint16(offset + 2, LITTLE_ENDIAN) & TYPE_MASK;
    attributes.push([type, bytes.subarray(offset + ATTRIBUTE_HEADER, offset + length)]);
    offset += align4(length);
  }
  return attributes;
};

/** A header struct followed by attributes: the payload of every request of rtnetlink. */
export const joinPayload = (header: Uint8Array, attributes: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(align4(header.length) + attributes.length);
  bytes.set(header);
  bytes.set(attributes, align4(header.length));
  return bytes;
};

export const u8 = (value: number): Uint8Array => Uint8Array.of(value);

export const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value, LITTLE_ENDIAN);
  return bytes;
};

/** In network byte order, as netfilter has its numbers. */
export const big16 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(2);
  viewOf(bytes).setUint16(0, value);
  return bytes;
};

export const big32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, value);
  return bytes;
};

/** NUL-terminated, as the kernel wants its strings. */
export const text = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);

export const readU8 = (value: Uint8Array | undefined): number | undefined => value?.[0];

export const readU32 = (value: Uint8Array | undefined): number | undefined =>
  value && viewOf(value).getUint32(0, LITTLE_ENDIAN);

export const readBig32 = (value: Uint8Array | undefined): number | undefined =>
  value && value.length >= 4 ? viewOf(value).getUint32(0) : undefined;

export const readText = (value: Uint8Array | undefined): string | undefined => value && textOf(value);

const textOf = (value: Uint8Array): string => {
  const end = value.indexOf(0);
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end));
};
