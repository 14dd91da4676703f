// What differs between two JSON values, one line a leaf. Kubernetes prints Go structures here; this says the same in
// the words of the manifest.

type Json = Readonly<Record<string, unknown>>;

const isBranch = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** `spec.nodeName: "a" -> "b"`. Absent values are `null`. O(size of both). */
export const changedPaths = (before: unknown, after: unknown, path: string): string[] => {
  if (!isBranch(before) || !isBranch(after))
    return before === after ? [] : [`  ${path}: ${text(before)} -> ${text(after)}`];
  const isList = Array.isArray(before);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
    changedPaths(before[key], after[key], isList ? `${path}[${key}]` : `${path}.${key}`),
  );
};

const text = (value: unknown): string => JSON.stringify(value ?? null);
