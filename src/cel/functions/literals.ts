// Literals that can be checked before anything is evaluated: patterns, durations, timestamps (cel-go cel/validator.go).
import type { Checked } from '../check/check.ts';
import type { Call, Expression } from '../syntax/expression.ts';
import type { Issue } from '../syntax/issue.ts';
import { CelError } from '../values/value.ts';
import { LIBRARY } from './library.ts';
import { compilePattern } from './patterns.ts';

/** Calls whose literal argument is checked, and how an error is called there. */
const CHECKED: Readonly<Record<string, { readonly what: string; readonly test: (text: string) => unknown }>> =
  {
    matches: { what: 'matches', test: compilePattern },
    duration: { what: 'duration', test: (text) => convert('duration', text) },
    timestamp: { what: 'timestamp', test: (text) => convert('timestamp', text) },
  };

const convert = (name: string, text: string): unknown =>
  LIBRARY.get(name)!
    .find(({ id }) => id === `string_to_${name}`)!
    .run(text);

/** What is wrong with the literals of an expression that checks. */
export const literalIssues = ({ references }: Checked): Issue[] =>
  [...references.keys()].flatMap((call) => literalIssue(call) ?? []);

const literalIssue = (call: Call): Issue | undefined => {
  const checked = CHECKED[call.name];
  const argument: Expression | undefined = call.args.at(-1);
  if (!checked || argument?.kind !== 'literal' || typeof argument.value !== 'string') return undefined;
  try {
    checked.test(argument.value);
    return undefined;
  } catch (error) {
    if (!(error instanceof CelError)) throw error;
    return { at: argument.at, message: `invalid ${checked.what} argument` };
  }
};
