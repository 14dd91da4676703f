// Quantities (k8s.io/apiserver/pkg/cel/library/quantity.go).
import { parseQuantity } from '../../k8s/quantity.ts';
import { reads } from '../cost/model.ts';
import { CelError, Opaque } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

export const QUANTITY = 'kubernetes.Quantity';

/** In billionths. */
type QuantityValue = Opaque<bigint>;

const UNIT = 10n ** 9n;
const MAX_INT = 2n ** 63n - 1n;

const quantityOf = (nanos: bigint): QuantityValue => new Opaque(QUANTITY, nanos, (other) => other === nanos);

const toQuantity = (text: string): QuantityValue => {
  const parsed = parseQuantity(text);
  if (parsed) return quantityOf(parsed.nanos);
  throw new CelError(
    /^[+-]?[\d.]+/.test(text)
      ? "unable to parse quantity's suffix"
      : "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  );
};

const isInteger = ({ data }: QuantityValue): boolean =>
  data % UNIT === 0n && data / UNIT <= MAX_INT && data / UNIT >= -MAX_INT - 1n;

const asInteger = (quantity: QuantityValue): bigint => {
  if (!isInteger(quantity)) throw new CelError('cannot convert value to integer');
  return quantity.data / UNIT;
};

const order = (a: bigint, b: bigint): bigint => (a < b ? -1n : a > b ? 1n : 0n);

export const QUANTITIES: readonly Overload[] = [
  overload('quantity', 'string_to_quantity', `(string) -> ${QUANTITY}`, toQuantity, reads(0)),
  overload(
    'isQuantity',
    'is_quantity_string',
    '(string) -> bool',
    (text: string) => parseQuantity(text) !== undefined,
    reads(0),
  ),
  // Kubernetes declares it as a function of one argument, although its documentation calls it as a member.
  overload('sign', 'quantity_sign', `(${QUANTITY}) -> int`, ({ data }: QuantityValue) => order(data, 0n)),
  overload(
    'isGreaterThan',
    'quantity_is_greater_than',
    `${QUANTITY}.(${QUANTITY}) -> bool`,
    (a: QuantityValue, b: QuantityValue) => a.data > b.data,
  ),
  overload(
    'isLessThan',
    'quantity_is_less_than',
    `${QUANTITY}.(${QUANTITY}) -> bool`,
    (a: QuantityValue, b: QuantityValue) => a.data < b.data,
  ),
  overload(
    'compareTo',
    'quantity_compare_to',
    `${QUANTITY}.(${QUANTITY}) -> int`,
    (a: QuantityValue, b: QuantityValue) => order(a.data, b.data),
  ),
  overload(
    'asApproximateFloat',
    'quantity_get_float',
    `${QUANTITY}.() -> double`,
    ({ data }: QuantityValue) => Number(data) / 1e9,
  ),
  overload('asInteger', 'quantity_get_int', `${QUANTITY}.() -> int`, asInteger),
  overload('isInteger', 'quantity_is_integer', `${QUANTITY}.() -> bool`, isInteger),
  overload(
    'add',
    'quantity_add',
    `${QUANTITY}.(${QUANTITY}) -> ${QUANTITY}`,
    (a: QuantityValue, b: QuantityValue) => quantityOf(a.data + b.data),
  ),
  overload('add', 'quantity_add_int', `${QUANTITY}.(int) -> ${QUANTITY}`, (a: QuantityValue, b: bigint) =>
    quantityOf(a.data + b * UNIT),
  ),
  overload(
    'sub',
    'quantity_sub',
    `${QUANTITY}.(${QUANTITY}) -> ${QUANTITY}`,
    (a: QuantityValue, b: QuantityValue) => quantityOf(a.data - b.data),
  ),
  overload('sub', 'quantity_sub_int', `${QUANTITY}.(int) -> ${QUANTITY}`, (a: QuantityValue, b: bigint) =>
    quantityOf(a.data - b * UNIT),
  ),
];
