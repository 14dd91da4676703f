// How deep values from outside may nest: what walks them is recursive, and JavaScript's stack is not large.

/** More than twice what the deepest published CustomResourceDefinitions have. */
export const DEEPEST = 250;

/** Whether objects and lists nest deeper than that, in a value of JSON. O(size), without recursion. */
export const isTooDeep = (value: unknown): boolean => {
  let level = [value];
  for (let depth = 0; depth <= DEEPEST; depth++) {
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
    if (level.length === 0) return false;
  }
  return true;
};
