// Type variables and what they stand for: cel-go's rules of assignment (checker/types.go).
import { DYN, mapParameters, parametersOf, sameType } from '../types/type.ts';
import type { CelType } from '../types/type.ts';

/** Type variable -> type. Replaced, never changed: an attempt that fails leaves no trace. */
export type Bindings = ReadonlyMap<string, CelType>;

/** The bindings with which every type of the first list can be used as that of the second; undefined if there are none. */
export const assignAll = (
  bindings: Bindings,
  from: readonly CelType[],
  to: readonly CelType[],
): Bindings | undefined => {
  const trial = new Map(bindings);
  const fits = from.length === to.length && from.every((type, i) => assignable(trial, type, to[i]!));
  return fits ? trial : undefined;
};

/** A type with its variables replaced by what they stand for; free ones become dyn if asked. */
export const resolve = (bindings: Bindings, type: CelType, free: 'keep' | 'dyn'): CelType => {
  if (type.kind !== 'param') return mapParameters(type, (part) => resolve(bindings, part, free));
  const bound = bindings.get(type.name);
  if (bound) return resolve(bindings, bound, free);
  return free === 'dyn' ? DYN : type;
};

const isWild = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'error';

const assignable = (bindings: Map<string, CelType>, from: CelType, to: CelType): boolean => {
  if (to.kind === 'param') {
    const result = substitutes(bindings, from, to);
    if (result !== 'free') return result;
  }
  if (from.kind === 'param') return substitutes(bindings, to, from) === true;
  if (isWild(from) || isWild(to)) return true;
  if (from.kind === 'null') return takesNull(to);
  if (to.kind === 'null') return takesNull(from);
  if (from.kind === 'type') return to.kind === 'type';
  if (from.kind !== to.kind || ('name' in from && 'name' in to && from.name !== to.name)) return false;
  const [left, right] = [parametersOf(from), parametersOf(to)];
  return left.length === right.length && left.every((part, i) => assignable(bindings, part, right[i]!));
};

/** Whether null can stand where the type is asked for. */
export const takesNull = ({ kind }: CelType): boolean =>
  ['null', 'opaque', 'object', 'duration', 'timestamp'].includes(kind);

/** Whether the variable stands for the type, or may from now on; `free` if the variable occurs in the type. */
const substitutes = (
  bindings: Map<string, CelType>,
  type: CelType,
  variable: Extract<CelType, { kind: 'param' }>,
): boolean | 'free' => {
  if (sameType(type, variable)) return true;
  const bound = bindings.get(variable.name);
  if (!bound) {
    if (occurs(bindings, variable, type)) return 'free';
    bindings.set(variable.name, type);
    return true;
  }
  if (sameType(type, bound)) return true;
  if (!assignable(bindings, type, bound)) return false;
  const general = mostGeneral(type, bound);
  if (!occurs(bindings, variable, general)) bindings.set(variable.name, general);
  return true;
};

const occurs = (bindings: Bindings, variable: CelType, type: CelType): boolean => {
  if (sameType(variable, type)) return true;
  const bound = type.kind === 'param' ? bindings.get(type.name) : undefined;
  return (bound ? [bound] : parametersOf(type)).some((part) => occurs(bindings, variable, part));
};

/** The one of two types that fit each other which says less. */
export const mostGeneral = (a: CelType, b: CelType): CelType => (saysLess(a, b) ? a : b);

const saysLess = (a: CelType, b: CelType): boolean => {
  if (a.kind === 'dyn' || a.kind === 'param') return true;
  if (b.kind === 'dyn' || b.kind === 'param' || a.kind !== b.kind) return false;
  if (a.kind === 'type') return true;
  const [left, right] = [parametersOf(a), parametersOf(b)];
  if (left.length === 0) return sameType(a, b);
  return left.length === right.length && left.every((part, i) => saysLess(part, right[i]!));
};
