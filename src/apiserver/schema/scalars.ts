// The values at the leaves, read as Go reads them: what they may be, and the form in which they are kept.
import { formatQuantity, parseQuantity } from '../../k8s/quantity.ts';
import type { ScalarKind } from './schema.ts';

/** What Go's decoder says of a value: `wrongType` names both types, `malformed` is the type's own complaint. */
export type Reading =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'wrongType'; readonly found: string; readonly wanted: string }
  | { readonly kind: 'malformed'; readonly message: string };

const GO_TYPES: Readonly<Record<ScalarKind, string>> = {
  any: 'interface {}',
  boolean: 'bool',
  bytes: '[]uint8',
  int32: 'int32',
  int64: 'int64',
  intOrString: 'int32',
  microTime: 'v1.MicroTime',
  number: 'float64',
  quantity: 'resource.Quantity',
  string: 'string',
  time: 'v1.Time',
};

export const goScalarType = (kind: ScalarKind): string => GO_TYPES[kind];

/** Go's zero value: what a null becomes inside a list or map. */
export const zeroScalar = (kind: ScalarKind): unknown => {
  if (kind === 'any') return null;
  if (kind === 'boolean') return false;
  return kind === 'string' || kind === 'bytes' ? '' : 0;
};

export const readScalar = (kind: ScalarKind, value: unknown): Reading => {
  switch (kind) {
    case 'any':
      return ok(value);
    case 'boolean':
      return typeof value === 'boolean' ? ok(value) : wrongType(value, kind);
    case 'string':
      return typeof value === 'string' ? ok(value) : wrongType(value, kind);
    case 'number':
      return typeof value === 'number' ? ok(value) : wrongType(value, kind);
    case 'int32':
      return readInteger(value, kind, 2 ** 31);
    case 'int64':
      return readInteger(value, kind, 2 ** 63);
    case 'intOrString':
      return typeof value === 'string' ? ok(value) : readInteger(value, kind, 2 ** 31);
    case 'bytes':
      return typeof value === 'string' ? readBytes(value) : wrongType(value, kind);
    case 'quantity':
      return readQuantity(value);
    case 'time':
    case 'microTime':
      return typeof value === 'string' ? readTime(value, kind) : wrongType(value, 'string');
  }
};

/** As encoding/json names a value's type in its errors. */
export const jsonTypeOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
};

const ok = (value: unknown): Reading => ({ kind: 'value', value });

const malformed = (message: string): Reading => ({ kind: 'malformed', message });

const wrongType = (value: unknown, kind: ScalarKind): Reading => ({
  kind: 'wrongType',
  found: jsonTypeOf(value),
  wanted: GO_TYPES[kind],
});

const readInteger = (value: unknown, kind: ScalarKind, limit: number): Reading => {
  if (typeof value !== 'number') return wrongType(value, kind);
  if (Number.isInteger(value) && value >= -limit && value < limit) return ok(value);
  return { kind: 'wrongType', found: `number ${value}`, wanted: GO_TYPES[kind] };
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

// encoding/base64 skips line breaks, and says where the first wrong byte is.
const readBytes = (text: string): Reading => {
  const value = text.replace(/[\r\n]/g, '');
  if (BASE64.test(value)) return ok(value);
  const wrong = value.search(/[^A-Za-z0-9+/]/);
  return malformed(`illegal base64 data at input byte ${wrong < 0 ? value.length : wrong}`);
};

// Kept in the canonical form, as Go writes it: `0.5` is `500m`.
const readQuantity = (value: unknown): Reading => {
  if (typeof value !== 'number' && typeof value !== 'string') return wrongType(value, 'string');
  const quantity = parseQuantity(value);
  return quantity
    ? ok(formatQuantity(quantity))
    : malformed(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      );
};

const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

// Kept in UTC, as Go writes them: Time to the second, MicroTime always with six digits.
const readTime = (text: string, kind: 'time' | 'microTime'): Reading => {
  const match = RFC3339.exec(text);
  const timeMs = Date.parse(text);
  if (!match || Number.isNaN(timeMs)) return malformed(timeComplaint(text));
  const seconds = new Date(timeMs).toISOString().slice(0, 19);
  const canonical =
    kind === 'time' ? `${seconds}Z` : `${seconds}.${(match[2] ?? '').padEnd(6, '0').slice(0, 6)}Z`;
  return ok(canonical === text ? text : canonical); // one in pieces takes four times the memory
};

const timeComplaint = (text: string): string =>
  `parsing time ${JSON.stringify(text)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(text)} as "2006"`;
