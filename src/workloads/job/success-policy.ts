// When an Indexed Job has succeeded although not all of its indexes have (KEP-3998).
import type { Job } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { parseIndexes } from './indexes.ts';

/** Which rule is met, as text; undefined if none is. */
export const metRule = ({ spec }: Stored<Job>, succeeded: ReadonlySet<number>): string | undefined => {
  if (succeeded.size === 0) return undefined;
  const rules = spec?.successPolicy?.rules ?? [];
  const place = rules.findIndex(({ succeededIndexes, succeededCount }) => {
    if (succeededIndexes === undefined) return succeeded.size >= (succeededCount ?? Infinity);
    const wanted = parseIndexes(succeededIndexes, spec?.completions ?? 0);
    const present = [...wanted].filter((index) => succeeded.has(index)).length;
    return wanted.size > 0 && (present === wanted.size || present >= (succeededCount ?? Infinity));
  });
  return place < 0 ? undefined : `Matched rules at index ${place}`;
};
