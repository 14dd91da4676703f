// Names for contents: the same template has the same name.
import { canonicalJson } from '../lang/canonical-json.ts';
import { fnv1a32 } from '../lang/fnv.ts';
import { SAFE_LETTERS } from '../k8s/safe-letters.ts';

/**
 * A name part of at most 10 letters for a value. `collisionCount` gives another one when the name is taken. The hash is
 * podnet's own: Kubernetes' depends on Go's memory layout, and changes with its versions.
 */
export const contentHash = (value: unknown, collisionCount: number | undefined): string => {
  const digits = String(fnv1a32(canonicalJson([value, collisionCount ?? null])));
  return digits.replace(/\d/g, (digit) => SAFE_LETTERS[digit.charCodeAt(0) % SAFE_LETTERS.length]!);
};
