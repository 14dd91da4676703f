// A function of CEL is a table row for each of its overloads; the checker, the costs and the evaluator read the same row.
import { ONE } from '../cost/model.ts';
import type { CostModel } from '../cost/model.ts';
import { parseSignature } from '../types/signature.ts';
import type { Signature } from '../types/signature.ts';
import type { Value } from '../values/value.ts';

export type Overload = Signature & {
  readonly name: string;
  /** cel-go's or Kubernetes' id: estimates of costs depend on it. */
  readonly id: string;
  readonly run: (...args: Value[]) => Value;
  readonly cost: CostModel;
};

export type FunctionTable = ReadonlyMap<string, readonly Overload[]>;

/** A row. The arguments of `run` have the types of the signature: it is only called with such values. */
export const overload = <Args extends readonly (Value | undefined)[]>(
  name: string,
  id: string,
  signature: string,
  run: (...args: Args) => Value,
  cost: CostModel = ONE,
): Overload => ({
  name,
  id,
  ...parseSignature(signature),
  run: run as unknown as Overload['run'],
  cost,
});

/** The rows by name, in their order: the first that fits is taken. */
export const functionTable = (...libraries: readonly (readonly Overload[])[]): FunctionTable =>
  Map.groupBy(libraries.flat(), ({ name }) => name);
