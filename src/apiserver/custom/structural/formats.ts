// The formats of strings that Kubernetes validates; all other names are ignored.
// Sources: k8s.io/kube-openapi/pkg/validation/strfmt, k8s.io/apiextensions-apiserver/pkg/apiserver/validation/formats.go.
import { parseAddress } from '../../../ip/address.ts';
import { parseSloppyAddress, parseSloppyPrefix } from '../../../ip/sloppy.ts';
import { isCreditCard, isIsbn10, isIsbn13 } from './check-digits.ts';

type Check = (text: string) => boolean;

const matching =
  (pattern: RegExp): Check =>
  (text) =>
    pattern.test(text);

const uuid = (third: string, fourth: string): Check =>
  matching(new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${third}-?${fourth}-?[0-9a-f]{12}$`, 'i'));

const isHostname: Check = (text) =>
  text.length <= 255 && HOSTNAME.test(text) && text.split('.').every((label) => label.length <= 63);

const HOSTNAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;

// 6, 8 or 20 bytes (Go's net.ParseMAC).
const MAC = [
  /^[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}(?:(?:\1[0-9a-f]{2}){2}|(?:\1[0-9a-f]{2}){14})?$/i,
  /^(?:[0-9a-f]{4}\.){2}(?:[0-9a-f]{4}|[0-9a-f]{4}\.[0-9a-f]{4}|(?:[0-9a-f]{4}\.){7}[0-9a-f]{4})$/i,
];

// An absolute URI, or an absolute path (Go's url.ParseRequestURI).
const isUri: Check = (text) =>
  // eslint-disable-next-line no-control-regex
  !/[\u0000-\u001f\u007f]|%(?![0-9a-f]{2})/i.test(text) &&
  /^(?:\/|\*$|[a-z][a-z0-9+.-]*:[^?#])/i.test(text) &&
  !hasOddHost(text);

const hasOddHost = (text: string): boolean => /^(?:[a-z][a-z0-9+.-]*:)?\/\/[^/?#]*[ <>"]/i.test(text);

// `a@b.c` or `Name <a@b.c>` (Go's mail.ParseAddress).
const ATOM = "[\\w!#$%&'*+/=?^`{|}~\\u0080-\\uffff-]+";
const LOCAL = `(?:${ATOM}(?:\\.${ATOM})*|"(?:[^"\\\\]|\\\\.)*")`;
const SPEC = `${LOCAL}@(?:${ATOM}(?:\\.${ATOM})*|\\[[^\\[\\]\\\\]*\\])`;
const EMAIL = new RegExp(`^(?:${SPEC}|(?:[^<>"@]|"(?:[^"\\\\]|\\\\.)*")*<${SPEC}>)$`);

const isDate: Check = (text) => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
};

const isDateTime: Check = (text) => {
  const [date, time] = text.toLowerCase().split('t');
  const clock = /^(\d\d):(\d\d):(\d\d)(?:.\d+)?(?:z|[+-]\d\d:\d\d)$/.exec(time ?? '');
  return isDate(date!) && clock !== null && clock[1]! <= '23' && clock[2]! <= '59' && clock[3]! <= '59';
};

const GO_DURATION = /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;
// Scala's: `2 days`, `1 hr 3 min`.
const UNIT = /^(?:ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*)$/i;

const isDuration: Check = (text) =>
  GO_DURATION.test(text) ||
  [...text.matchAll(/(?<!\d)\d+\s*([A-Za-zµ]+)/g)].some(([, unit]) => UNIT.test(unit!));

const IN_BYTE = '(?:0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])';
const SHORT_NAME = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';

/** Without dashes, as the names are compared. */
const CHECKS: Readonly<Record<string, Check>> = {
  bsonobjectid: matching(/^[0-9a-f]{24}$/i),
  uri: isUri,
  email: (text) => EMAIL.test(text.trim()),
  hostname: isHostname,
  ipv4: (text) => text.includes('.') && parseSloppyAddress(text) !== undefined,
  ipv6: (text) => text.includes(':') && parseAddress(text) !== undefined,
  cidr: (text) => parseSloppyPrefix(text) !== undefined,
  mac: (text) => MAC.some((pattern) => pattern.test(text)),
  uuid: uuid('[0-9a-f]{4}', '[0-9a-f]{4}'),
  uuid3: uuid('3[0-9a-f]{3}', '[0-9a-f]{4}'),
  uuid4: uuid('4[0-9a-f]{3}', '[89ab][0-9a-f]{3}'),
  uuid5: uuid('5[0-9a-f]{3}', '[89ab][0-9a-f]{3}'),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matching(/^\d{3}[- ]\d{2}[- ]\d{4}$/),
  hexcolor: matching(/^#?(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: matching(new RegExp(`^rgb\\(\\s*${IN_BYTE}\\s*,\\s*${IN_BYTE}\\s*,\\s*${IN_BYTE}\\s*\\)$`)),
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  k8sshortname: (text) => text.length <= 63 && new RegExp(`^${SHORT_NAME}$`).test(text),
  k8slongname: (text) => text.length <= 253 && new RegExp(`^${SHORT_NAME}(?:\\.${SHORT_NAME})*$`).test(text),
};

/** Undefined: nobody checks strings of this format. */
export const stringFormat = (name: string): Check | undefined => {
  const normal = name.replaceAll('-', '');
  return Object.hasOwn(CHECKS, normal) ? CHECKS[normal] : undefined;
};

/** Whether values of the type are checked for the format at all. */
export const isKnownFormat = (type: string | undefined, format: string): boolean => {
  if (type === undefined || type === '' || type === 'string') return stringFormat(format) !== undefined;
  if (type === 'integer') return format === 'int32' || format === 'int64';
  return type === 'number' && (format === 'float' || format === 'double');
};
