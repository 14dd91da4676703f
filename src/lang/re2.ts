// Regular expressions in Go's syntax, which is RE2's, and in time linear in the text: what Kubernetes' patterns are
// written in. https://github.com/google/re2/wiki/Syntax
import { createRequire } from 'node:module';
import { lazy } from './lazy.ts';

/** The library: 260 kB that a cluster without such patterns does without. */
export const re2 = lazy(() => createRequire(import.meta.url)('re2js') as typeof import('re2js'));

export type Pattern = { readonly matches: (text: string) => boolean };

/** `problem` is in Go's words: `error parsing regexp: missing closing ]: ...`. */
export type Compiled =
  | { readonly ok: true; readonly pattern: Pattern }
  | { readonly ok: false; readonly problem: string };

/** Matches anywhere in the text unless it is anchored. Its size is bounded by RE2's limits on repetition. */
export const compilePattern = (source: string): Compiled => {
  try {
    const compiled = re2().RE2JS.compile(source);
    return { ok: true, pattern: { matches: (text) => compiled.test(text) } };
  } catch (error) {
    return { ok: false, problem: (error as Error).message };
  }
};
