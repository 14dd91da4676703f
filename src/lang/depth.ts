// How deep values from outside nest: what walks them is recursive, and JavaScript's stack is not large.

/** Whether lists and objects nest more than so many levels deeply, the value itself being the first. O(size), without recursion. */
export const isDeeperThan = (levels: number, value: unknown): boolean => {
  let level: readonly unknown[] = [value];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap(membersOf);
  }
  return false;
};

const membersOf = (value: unknown): readonly unknown[] =>
  typeof value === 'object' && value !== null ? Object.values(value) : [];
