// Domain names in messages: labels with lengths, and pointers back to where the rest of a name stands already.
//
//   3 w w w 7 e x a m p l e 0        11xxxxxx xxxxxxxx = the name goes on at that offset (RFC 1035 4.1.4)
//
// As text a name has no last dot; dots and backslashes inside a label, and bytes that do not print, are escaped (RFC 1035 5.1).

const LABEL_BYTES_MAX = 63;
const NAME_BYTES_MAX = 255;
const POINTER = 0xc0;
/** A name has at most 127 labels, and nobody needs more pointers than labels. */
const POINTERS_MAX = 255;

/** What is wrong with bytes that should be a DNS message, or with a name that should go into one. */
export class DnsFormatError extends Error {
  override readonly name = 'DnsFormatError';
}

export type ReadName = { readonly name: string; readonly end: number };

/** Reads a name; `end` is where the message goes on. Throws DnsFormatError. Pointers must point backwards, and be few. */
export const readName = (bytes: Uint8Array, start: number): ReadName => {
  let name = '';
  let end = -1;
  let at = start;
  let bound = start;
  let pointers = 0;
  for (let size = 0; ;) {
    const length = bytes[at];
    if (length === undefined) throw new DnsFormatError('a name ends after the message');
    if (length === 0) return { name, end: end < 0 ? at + 1 : end };
    if (length >= POINTER) {
      const target = ((length & 0x3f) << 8) | (bytes[at + 1] ?? 0);
      if (at + 1 >= bytes.length || target >= bound || ++pointers > POINTERS_MAX)
        throw new DnsFormatError('a pointer does not point back, or there are too many');
      if (end < 0) end = at + 2;
      at = bound = target;
      continue;
    }
    size += length + 1;
    if (length > LABEL_BYTES_MAX || size + 1 > NAME_BYTES_MAX || at + length >= bytes.length)
      throw new DnsFormatError('a label or name is too long');
    name += (name === '' ? '' : '.') + labelText(bytes, at + 1, length);
    at += length + 1;
  }
};

const isPlain = (byte: number): boolean => byte > 0x20 && byte < 0x7f && byte !== 0x2e && byte !== 0x5c;

const labelText = (bytes: Uint8Array, start: number, length: number): string => {
  let text = '';
  for (let at = start; at < start + length; at++) {
    const byte = bytes[at]!;
    text += isPlain(byte) ? String.fromCharCode(byte) : escaped(byte);
  }
  return text;
};

const escaped = (byte: number): string =>
  byte === 0x2e || byte === 0x5c ? `\\${String.fromCharCode(byte)}` : `\\${String(byte).padStart(3, '0')}`;

const ESCAPE = /\\(\d{3}|.)|(\.)|([^\\.])/gs;

/** The labels of a name as bytes. Throws DnsFormatError for an empty or too long label or name, or an odd escape. */
export const labelsOf = (name: string): readonly Uint8Array[] => {
  if (name === '') return [];
  if (!name.includes('\\')) return checked(name.split('.').map((label) => Buffer.from(label, 'latin1')));
  const labels: number[][] = [[]];
  for (const [token, escape, dot] of name.matchAll(ESCAPE)) {
    if (dot) labels.push([]);
    else labels.at(-1)!.push(escape === undefined ? token.charCodeAt(0) : unescaped(escape));
  }
  return checked(labels.map((label) => Uint8Array.from(label)));
};

const unescaped = (escape: string): number =>
  escape.length === 3 ? Number(escape) & 0xff : escape.charCodeAt(0);

const checked = (labels: readonly Uint8Array[]): readonly Uint8Array[] => {
  const bytes = labels.reduce((sum, label) => sum + label.length + 1, 1);
  if (bytes > NAME_BYTES_MAX || labels.some(({ length }) => length === 0 || length > LABEL_BYTES_MAX))
    throw new DnsFormatError('a label or name is empty or too long');
  return labels;
};

/** Whether a text is a name that can be sent. */
export const isName = (name: string): boolean => {
  try {
    labelsOf(name);
    return true;
  } catch {
    return false;
  }
};

/** ASCII only, as DNS compares names (RFC 4343). */
export const lowerName = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
