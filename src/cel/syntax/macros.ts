// Macros, expanded as cel-go expands them (parser/macro.go, ext/comprehensions.go, cel/library.go): the costs depend on it.
import { ACCUMULATOR, call, ident, list, literal, memberCall } from './expression.ts';
import type { Comprehension, Expression } from './expression.ts';
import type { Issue } from './issue.ts';

/** Thrown while a tree is built; never leaves the room. */
export class SyntaxIssue extends Error {
  readonly issue: Issue;
  constructor(at: number, message: string) {
    super(message);
    this.issue = { at, message };
  }
}

type Invocation = {
  readonly at: number;
  readonly target: Expression;
  readonly args: readonly Expression[];
};

type Expander = (invocation: Invocation) => Expression;

/** The expansion of a member call that is a macro, undefined if it is an ordinary call. */
export const expandMacro = (name: string, invocation: Invocation): Expression | undefined =>
  MACROS[`${name}/${invocation.args.length}`]?.(invocation);

/** `has(a.b)`; throws SyntaxIssue for anything but a field selection. */
export const expandHas = (at: number, argument: Expression): Expression => {
  if (argument.kind !== 'select' || argument.isTest) {
    throw new SyntaxIssue(argument.at, 'invalid argument to has() macro');
  }
  return { ...argument, at, isTest: true };
};

type Loop = Pick<Comprehension, 'start' | 'condition' | 'step'> & { readonly result?: Expression };

const loop = (
  { at, target, args }: Invocation,
  variables: 1 | 2,
  { start, condition, step, result }: Loop,
): Comprehension => ({
  kind: 'comprehension',
  at,
  range: target,
  variable: variableName(args[0]!),
  second: variables === 2 ? secondName(args[0]!, args[1]!) : undefined,
  accumulator: ACCUMULATOR,
  start,
  condition,
  step,
  result: result ?? accumulated(at),
});

const variableName = (argument: Expression): string => {
  if (argument.kind !== 'ident') throw new SyntaxIssue(argument.at, 'argument must be a simple name');
  if (argument.name === ACCUMULATOR)
    throw new SyntaxIssue(argument.at, 'iteration variable overwrites accumulator variable');
  return argument.name;
};

const secondName = (first: Expression, second: Expression): string => {
  const name = variableName(second);
  if (first.kind === 'ident' && first.name === name) {
    throw new SyntaxIssue(second.at, `duplicate variable name: ${name}`);
  }
  return name;
};

const accumulated = (at: number): Expression => ident(at, ACCUMULATOR);

const all =
  (variables: 1 | 2): Expander =>
  (invocation) => {
    const { at, args } = invocation;
    return loop(invocation, variables, {
      start: literal(at, true),
      condition: call(at, '@not_strictly_false', accumulated(at)),
      step: call(at, '_&&_', accumulated(at), args.at(-1)!),
    });
  };

const exists =
  (variables: 1 | 2): Expander =>
  (invocation) => {
    const { at, args } = invocation;
    return loop(invocation, variables, {
      start: literal(at, false),
      condition: call(at, '@not_strictly_false', call(at, '!_', accumulated(at))),
      step: call(at, '_||_', accumulated(at), args.at(-1)!),
    });
  };

const existsOne =
  (variables: 1 | 2): Expander =>
  (invocation) => {
    const { at, args } = invocation;
    return loop(invocation, variables, {
      start: literal(at, 0n),
      condition: literal(at, true),
      step: when(at, args.at(-1)!, call(at, '_+_', accumulated(at), literal(at, 1n))),
      result: call(at, '_==_', accumulated(at), literal(at, 1n)),
    });
  };

/** The accumulator changes only where the predicate holds. */
const when = (at: number, predicate: Expression, step: Expression): Expression =>
  call(at, '_?_:_', predicate, step, accumulated(at));

const append = (at: number, element: Expression): Expression =>
  call(at, '_+_', accumulated(at), list(at, element));

const collect =
  (variables: 1 | 2): Expander =>
  (invocation) => {
    const { at, args } = invocation;
    const step = append(at, args.at(-1)!);
    const isFiltered = args.length === variables + 2;
    return loop(invocation, variables, {
      start: list(at),
      condition: literal(at, true),
      step: isFiltered ? when(at, args[variables]!, step) : step,
    });
  };

const filter: Expander = (invocation) => {
  const { at, args } = invocation;
  return loop(invocation, 1, {
    start: list(at),
    condition: literal(at, true),
    step: when(at, args[1]!, append(at, args[0]!)),
  });
};

const transformMap: Expander = (invocation) => {
  const { at, args } = invocation;
  const step = call(at, 'cel.@mapInsert', accumulated(at), args[0]!, args.at(-1)!);
  return mapLoop(invocation, step, args.length === 4 ? args[2] : undefined);
};

const transformMapEntry: Expander = (invocation) => {
  const { at, args } = invocation;
  const step = call(at, 'cel.@mapInsert', accumulated(at), args.at(-1)!);
  return mapLoop(invocation, step, args.length === 4 ? args[2] : undefined);
};

const mapLoop = (invocation: Invocation, step: Expression, predicate: Expression | undefined): Expression =>
  loop(invocation, 2, {
    start: { kind: 'map', at: invocation.at, entries: [] },
    condition: literal(invocation.at, true),
    step: predicate ? when(invocation.at, predicate, step) : step,
  });

/** The body with a variable bound to a value that is evaluated once. */
const bind = (at: number, variable: string, value: Expression, body: Expression): Expression => ({
  kind: 'comprehension',
  at,
  range: list(at),
  variable: '#unused',
  second: undefined,
  accumulator: variable,
  start: value,
  condition: literal(at, false),
  step: ident(at, variable),
  result: body,
});

/** Evaluates the optional once, where cel-go does so twice: a chain of them must not double at each link. */
const optional =
  (wrap: (at: number, mapped: Expression) => Expression): Expander =>
  ({ at, target, args }) => {
    const held = '@optional';
    const variable = variableName(args[0]!);
    const mapped = bind(at, variable, memberCall(at, ident(at, held), 'value'), args[1]!);
    const test = memberCall(at, ident(at, held), 'hasValue');
    return bind(at, held, target, call(at, '_?_:_', test, wrap(at, mapped), call(at, 'optional.none')));
  };

/** `list.sortBy(x, key)`: the list is evaluated once, and its keys beside it. */
const sortBy: Expander = ({ at, target, args }) => {
  const input = ident(at, '@sortBy');
  const keys = collect(1)({ at, target: input, args });
  return bind(at, '@sortBy', target, memberCall(at, input, '@sortByAssociatedKeys', keys));
};

const MACROS: Readonly<Record<string, Expander>> = {
  'all/2': all(1),
  'all/3': all(2),
  'exists/2': exists(1),
  'exists/3': exists(2),
  'exists_one/2': existsOne(1),
  'exists_one/3': existsOne(2),
  'existsOne/2': existsOne(1),
  'existsOne/3': existsOne(2),
  'map/2': collect(1),
  'map/3': collect(1),
  'filter/2': filter,
  'transformList/3': collect(2),
  'transformList/4': collect(2),
  'transformMap/3': transformMap,
  'transformMap/4': transformMap,
  'transformMapEntry/3': transformMapEntry,
  'transformMapEntry/4': transformMapEntry,
  'sortBy/2': sortBy,
  'optMap/2': optional((at, mapped) => call(at, 'optional.of', mapped)),
  'optFlatMap/2': optional((_, mapped) => mapped),
};
