// Optional values (cel-go cel/library.go).
import {
  CelError,
  Optional,
  Timestamp,
  Uint,
  ValueList,
  elementsOf,
  isList,
  isMap,
} from '../values/value.ts';
import type { List, Value } from '../values/value.ts';
import { overload } from './overload.ts';
import type { Overload } from './overload.ts';

const valueOf = ({ value }: Optional): Value => {
  if (value === undefined) throw new CelError('optional.none() dereference');
  return value;
};

/** `0`, `""`, `[]`, `null`, `false`: what a field has that nobody set. */
const isZero = (value: Value): boolean => {
  if (isList(value) || isMap(value)) return value.size === 0;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof Timestamp) return false;
  return value === null || value === false || value === '' || value === 0 || value === 0n;
};

const held = (list: List): List =>
  new ValueList(
    elementsOf(list).flatMap((element) =>
      element instanceof Optional && element.value !== undefined ? [element.value] : [],
    ),
  );

export const OPTIONALS: readonly Overload[] = [
  overload('optional.of', 'optional_of', '(V) -> optional_type(V)', (value: Value) => new Optional(value)),
  overload('optional.ofNonZeroValue', 'optional_ofNonZeroValue', '(V) -> optional_type(V)', (value: Value) =>
    isZero(value) ? Optional.NONE : new Optional(value),
  ),
  overload('optional.none', 'optional_none', '() -> optional_type(V)', () => Optional.NONE),
  overload('value', 'optional_value', 'optional_type(V).() -> V', valueOf),
  overload(
    'hasValue',
    'optional_hasValue',
    'optional_type(V).() -> bool',
    ({ value }: Optional) => value !== undefined,
  ),
  overload(
    'or',
    'optional_or_optional',
    'optional_type(V).(optional_type(V)) -> optional_type(V)',
    (first: Optional, second: Optional) => (first.value === undefined ? second : first),
  ),
  overload(
    'orValue',
    'optional_orValue_value',
    'optional_type(V).(V) -> V',
    ({ value }: Optional, otherwise: Value) => (value === undefined ? otherwise : value),
  ),
  overload('optional.unwrap', 'optional_unwrap', '(list(optional_type(V))) -> list(V)', held),
  overload('unwrapOpt', 'optional_unwrapOpt', 'list(optional_type(V)).() -> list(V)', held),
];
