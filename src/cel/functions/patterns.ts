// Patterns are RE2's, as in Go: they never go back, so no text makes one slow. Compiled ones are kept.
import type { RE2JS } from 're2js';
import { re2 } from '../../lang/re2.ts';
import { CelError } from '../values/value.ts';

const MOST_KEPT = 1000;
const kept = new Map<string, RE2JS>();

/** The compiled pattern. Throws CelError in Go's words where RE2 does not take it. */
export const compilePattern = (pattern: string): RE2JS => {
  const known = kept.get(pattern);
  if (known) return known;
  const compiled = tryCompile(pattern);
  if (kept.size >= MOST_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(pattern, compiled);
  return compiled;
};

const tryCompile = (pattern: string): RE2JS => {
  try {
    return re2().RE2JS.compile(pattern);
  } catch (error) {
    throw new CelError(error instanceof Error ? error.message : String(error));
  }
};

/** Whether the pattern is found in the text. */
export const matchesPattern = (text: string, pattern: string): boolean =>
  compilePattern(pattern).matcher(text).find();

/** The first `limit` places where the pattern is found, all if negative. */
export const findAll = (text: string, pattern: string, limit: number): string[] => {
  const matcher = compilePattern(pattern).matcher(text);
  const found: string[] = [];
  while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group()!);
  return found;
};
