// Zones as a Corefile names them: `.`, `example.org`, `dns://example.org.:53`, `10.0.0.0/8` for reverse names.
import { parsePrefix } from '../../ip/prefix.ts';
import { addressToBytes } from '../../ip/address.ts';
import { isName, lowerName } from '../../wire/dns/name.ts';

const LABEL = /^(?:dns:\/\/)?([^:]*|[\da-f:]+\/\d+)(?::(\d+))?$/i;

/** In lower case, '' for the root; undefined if it is none, or of another port than 53. */
export const zoneOf = (label: string): string | undefined => {
  const [, text, port = '53'] = LABEL.exec(label) ?? [];
  if (text === undefined || port !== '53') return undefined;
  if (text.includes('/')) return reverseZone(text);
  const name = lowerName(text.replace(/\.$/, ''));
  return name === '' ? (text === '.' ? '' : undefined) : isName(name) ? name : undefined;
};

/** Of whole octets or nibbles, as CoreDNS has it. */
const reverseZone = (text: string): string | undefined => {
  const prefix = parsePrefix(text);
  if (!prefix) return undefined;
  const bytes = [...addressToBytes(prefix.address)];
  const isV4 = prefix.address.family === 4;
  const digits = isV4
    ? bytes.map(String)
    : bytes.flatMap((byte) => [byte >> 4, byte & 15]).map((n) => n.toString(16));
  const bits = isV4 ? 8 : 4;
  if (prefix.length % bits !== 0) return undefined;
  return [...digits.slice(0, prefix.length / bits).reverse(), isV4 ? 'in-addr.arpa' : 'ip6.arpa'].join('.');
};
