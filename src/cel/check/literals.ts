// What Kubernetes asks of literals, before anything is evaluated (cel-go cel/validator.go): patterns, durations and timestamps
// that can be read, lists and maps of one type.
import { LIBRARY } from '../functions/library.ts';
import { compilePattern } from '../functions/patterns.ts';
import type { Call, Expression } from '../syntax/expression.ts';
import type { Issue } from '../syntax/issue.ts';
import { sameType, typeText } from '../types/type.ts';
import { CelError } from '../values/value.ts';
import type { Checked } from './check.ts';

/** What is wrong with the literals of an expression that checks. */
export const literalIssues = (expression: Expression, checked: Checked): Issue[] => [
  ...[...checked.references.keys()].flatMap((call) => argumentIssue(call) ?? []),
  ...mixedIssues(expression, checked),
];

/** Calls whose literal argument is read. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  matches: compilePattern,
  duration: (text) => convert('duration', text),
  timestamp: (text) => convert('timestamp', text),
};

const convert = (name: string, text: string): unknown =>
  LIBRARY.get(name)!
    .find(({ id }) => id === `string_to_${name}`)!
    .run(text);

const argumentIssue = (call: Call): Issue | undefined => {
  const read = READERS[call.name];
  const argument = call.args.at(-1);
  if (!read || argument?.kind !== 'literal' || typeof argument.value !== 'string') return undefined;
  try {
    read(argument.value);
    return undefined;
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return { at: argument.at, message: `invalid ${call.name} argument` };
  }
};

/** Lists and maps of several types, but for the arguments of `format`. */
const mixedIssues = (part: Expression, checked: Checked): Issue[] => {
  switch (part.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return mixedIssues(part.operand, checked);
    case 'call':
      if (part.name === 'format') return [];
      return [...(part.target ? [part.target] : []), ...part.args].flatMap((each) =>
        mixedIssues(each, checked),
      );
    case 'list':
      return [
        ...oddOnes(part.elements, checked),
        ...part.elements.flatMap((each) => mixedIssues(each, checked)),
      ];
    case 'map':
      return [
        ...oddOnes(
          part.entries.map(([key]) => key),
          checked,
        ),
        ...oddOnes(
          part.entries.map(([, value]) => value),
          checked,
        ),
        ...part.entries.flat().flatMap((each) => mixedIssues(each, checked)),
      ];
    case 'message':
      return part.fields.flatMap(({ value }) => mixedIssues(value, checked));
    case 'comprehension':
      return [part.range, part.start, part.condition, part.step, part.result].flatMap((each) =>
        mixedIssues(each, checked),
      );
    default:
      throw new TypeError(part satisfies never);
  }
};

/** The first part whose type is not that of the parts before it. */
const oddOnes = (parts: readonly Expression[], { types }: Checked): Issue[] => {
  const [first, ...rest] = parts.map((part) => types.get(part)!);
  const index = rest.findIndex((type) => !sameType(first!, type));
  if (index < 0) return [];
  const message = `expected type '${typeText(first!)}' but found '${typeText(rest[index]!)}'`;
  return [{ at: parts[index + 1]!.at, message }];
};
