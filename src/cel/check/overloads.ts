// Which overloads a call's arguments fit (cel-go checker/checker.go, resolveOverload).
import type { Overload } from '../functions/overload.ts';
import { DYN, sameType, typeText, mapParameters } from '../types/type.ts';
import type { CelType } from '../types/type.ts';
import { assignAll, resolve } from './unify.ts';
import type { Bindings } from './unify.ts';

type Resolution = {
  readonly overloads: readonly Overload[];
  readonly bindings: Bindings;
  /** The result's type: dyn if the overloads differ in it. */
  readonly result: CelType;
};

/** All rows that fit, with the result's type; undefined if none does. */
export const resolveOverloads = (
  rows: readonly Overload[],
  args: readonly CelType[],
  isMember: boolean,
  outer: Bindings,
  fresh: () => CelType,
): Resolution | undefined => {
  const overloads: Overload[] = [];
  let bindings = outer;
  let result: CelType | undefined;
  for (const row of rows) {
    if (row.member !== isMember || row.parameters.length !== args.length) continue;
    const { parameters, result: own } = withFreshVariables(row, fresh);
    const fitting = assignAll(bindings, args, parameters);
    if (!fitting) continue;
    overloads.push(row);
    bindings = fitting;
    const type = resolve(bindings, own, 'keep');
    if (result === undefined) result = type;
    else if (result.kind !== 'dyn' && !sameType(result, type)) result = DYN;
  }
  return result && { overloads, bindings, result };
};

/** An overload's own type variables become the checker's, new for each call. */
const withFreshVariables = (
  { parameters, result }: Overload,
  fresh: () => CelType,
): Pick<Overload, 'parameters' | 'result'> => {
  const variables = new Map<string, CelType>();
  const replace = (type: CelType): CelType => {
    if (type.kind !== 'param') return mapParameters(type, replace);
    const variable = variables.get(type.name) ?? fresh();
    variables.set(type.name, variable);
    return variable;
  };
  return { parameters: parameters.map(replace), result: replace(result) };
};

/** `found no matching overload for '_+_' applied to '(int, string)'` */
export const noMatchingOverload = (name: string, args: readonly CelType[], isMember: boolean): string => {
  const texts = args.map(typeText);
  const receiver = isMember ? `${texts.shift()}.` : '';
  return `found no matching overload for '${name}' applied to '${receiver}(${texts.join(', ')})'`;
};
