// Quantities: `500m`, `1.5Gi`, `2e3`. Exact to a billionth, compared as numbers, printed in Kubernetes' canonical form.
// Grammar and rounding: k8s.io/apimachinery/pkg/api/resource/quantity.go.

type QuantityFormat = 'BinarySI' | 'DecimalSI' | 'DecimalExponent';

export type ParsedQuantity = {
  /** The value in billionths; finer ones are rounded away from zero. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
};

const PATTERN = /^([+-]?)(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]?|[eE][+-]?\d+)$/;
const NANO = 10n ** 9n;
const MAX_NANOS = (2n ** 63n - 1n) * NANO;
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];

/** Undefined if the text is no quantity. Values beyond 2^63-1 are cut to it, as in Kubernetes. */
export const parseQuantity = (quantity: string | number): ParsedQuantity | undefined => {
  const match = PATTERN.exec(String(quantity));
  if (!match) return undefined;
  const [sign, digits, suffix] = [match[1]!, match[2]!, match[3]!];
  const { numerator, exponent, format } = scaleOf(suffix);
  const [whole, fraction = ''] = digits.split('.') as [string, string?];
  const value = BigInt(whole + fraction) * numerator;
  const capped = min(shift(value, exponent + 9 - fraction.length), MAX_NANOS);
  return { nanos: sign === '-' ? -capped : capped, format };
};

type Scale = { readonly numerator: bigint; readonly exponent: number; readonly format: QuantityFormat };

const scaleOf = (suffix: string): Scale => {
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { numerator: 1024n ** BigInt(binary), exponent: 0, format: 'BinarySI' };
  const decimal = DECIMAL.indexOf(suffix);
  if (decimal >= 0) return { numerator: 1n, exponent: 3 * decimal - 9, format: 'DecimalSI' };
  // An exponent beyond these bounds is zero or the maximum anyway; the bound keeps the arithmetic small.
  const exponent = Math.max(-100, Math.min(100, Number(suffix.slice(1))));
  return { numerator: 1n, exponent, format: 'DecimalExponent' };
};

/** value * 10^exponent, rounded up. */
const shift = (value: bigint, exponent: number): bigint => {
  if (exponent >= 0) return value * 10n ** BigInt(exponent);
  return ceilDivide(value, 10n ** BigInt(-exponent));
};

const ceilDivide = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** The canonical text: no fraction, the largest suffix that keeps it so. `0.5` is `500m`, `1024Mi` is `1Gi`. */
export const formatQuantity = ({ nanos, format }: ParsedQuantity): string => {
  const magnitude = nanos < 0n ? -nanos : nanos;
  const text =
    format === 'BinarySI' && magnitude >= 1024n * NANO
      ? binaryText(ceilDivide(magnitude, NANO))
      : decimalText(magnitude, format === 'DecimalExponent');
  return nanos < 0n ? `-${text}` : text;
};

const binaryText = (value: bigint): string => {
  let power = 0;
  while (power < BINARY.length - 1 && value % 1024n === 0n) [value, power] = [value / 1024n, power + 1];
  return `${value}${BINARY[power]}`;
};

const decimalText = (nanos: bigint, asExponent: boolean): string => {
  if (nanos === 0n) return '0';
  let power = 0;
  while (power < DECIMAL.length - 1 && nanos % 1000n === 0n) [nanos, power] = [nanos / 1000n, power + 1];
  const exponent = 3 * power - 9;
  if (!asExponent) return `${nanos}${DECIMAL[power]}`;
  return exponent === 0 ? `${nanos}` : `${nanos}e${exponent}`;
};

/** The same value rounded up to a thousandth: all that the API keeps of a resource. */
export const roundUpToMilli = ({ nanos, format }: ParsedQuantity): ParsedQuantity => {
  const magnitude = nanos < 0n ? -nanos : nanos;
  const rounded = ceilDivide(magnitude, 10n ** 6n) * 10n ** 6n;
  return { nanos: nanos < 0n ? -rounded : rounded, format };
};

/** Whole units: bytes. */
export const roundUpToWhole = ({ nanos, format }: ParsedQuantity): ParsedQuantity => ({
  nanos: ceilDivide(nanos, NANO) * NANO,
  format,
});

/** Whether the value is a whole number. */
export const isWholeQuantity = ({ nanos }: ParsedQuantity): boolean => nanos % NANO === 0n;

/** As a number in its base unit (cores, bytes); undefined if it is no quantity. */
export const quantityValue = (quantity: string | number): number | undefined => {
  const parsed = parseQuantity(quantity);
  return parsed && Number(parsed.nanos) / 1e9;
};

/** In thousandths, rounded up: `100m` and `0.1` are 100. Undefined if it is no quantity. */
export const quantityMillis = (quantity: string | number): number | undefined => {
  const parsed = parseQuantity(quantity);
  return parsed && Number(roundUpToMilli(parsed).nanos / 10n ** 6n);
};
