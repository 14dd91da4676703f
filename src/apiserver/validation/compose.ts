// How findings are put together: a rule is a function that gives a list of findings, and lists add up. All findings of
// an object are reported at once.
import type { FieldError } from '../../k8s/field-error.ts';

export type FieldErrors = readonly FieldError[];

export const when = (isWrong: boolean, error: () => FieldError): FieldErrors => (isWrong ? [error()] : []);

/** The rule's findings on a value that is there. */
export const ifSet = <T>(value: T | undefined, rule: (value: T) => FieldErrors): FieldErrors =>
  value === undefined ? [] : rule(value);

/** As ifSet, for texts that are absent when empty. */
export const ifText = (text: string | undefined, rule: (text: string) => FieldErrors): FieldErrors =>
  text ? rule(text) : [];

/** The rule's findings on every item, each with its own path. */
export const each = <T>(
  items: readonly T[] | undefined,
  path: string,
  rule: (item: T, path: string, index: number) => FieldErrors,
): FieldErrors => (items ?? []).flatMap((item, index) => rule(item, `${path}[${index}]`, index));

export const eachEntry = <T>(
  map: Readonly<Record<string, T>> | undefined,
  path: string,
  rule: (key: string, value: T, path: string) => FieldErrors,
): FieldErrors => Object.entries(map ?? {}).flatMap(([key, value]) => rule(key, value, `${path}[${key}]`));

/** The indexes of items whose key an earlier item has. */
export const repeatedIndexes = <T>(items: readonly T[] | undefined, keyOf: (item: T) => string): number[] => {
  const seen = new Set<string>();
  return (items ?? []).flatMap((item, index) => {
    const key = keyOf(item);
    if (seen.has(key)) return [index];
    seen.add(key);
    return [];
  });
};
