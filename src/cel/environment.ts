// What an expression may use: the Kubernetes CEL library and the variables that its place gives it.
import type { Declarations } from './check/check.ts';
import type { Declaration } from './schema/declaration.ts';
import type { FunctionTable } from './functions/overload.ts';
import { LIBRARY, TYPE_NAMES } from './functions/library.ts';
import type { CelType } from './types/type.ts';
import { TypeValue } from './values/value.ts';
import type { Value } from './values/value.ts';

export type Environment = {
  readonly functions: FunctionTable;
  readonly variables: ReadonlyMap<string, CelType>;
  /** What is known of the variables' sizes; anything else may be as large as a request. */
  readonly declarations: ReadonlyMap<string, Declaration>;
  /** Names of types as values, below every evaluation's own variables. */
  readonly constants: Readonly<Record<string, Value>>;
  /** Messages that expressions may make: none, unless their place knows some. */
  readonly messages?: NonNullable<Declarations['messages']>;
};

const CONSTANTS: Readonly<Record<string, Value>> = Object.fromEntries(
  TYPE_NAMES.map(({ name }) => [name, new TypeValue(name)]),
);

/** An environment with these variables, declared from a schema (see schema/declaration.ts) or by their type alone. */
export const environment = (variables: Readonly<Record<string, Declaration | CelType>>): Environment => {
  const entries = Object.entries(variables);
  const types = entries.map(
    ([name, declared]) => [name, 'type' in declared ? declared.type : declared] as const,
  );
  return {
    functions: LIBRARY,
    variables: new Map<string, CelType>([
      ...TYPE_NAMES.map(({ name, type }) => [name, { kind: 'type', of: type }] as const),
      ...types,
    ]),
    declarations: new Map(entries.filter((entry): entry is [string, Declaration] => 'type' in entry[1])),
    constants: CONSTANTS,
  };
};
