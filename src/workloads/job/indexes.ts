// The indexes of an Indexed Job as text: `1,3-5`.

/** Numbers below `completions`; parts that cannot be read are left out. */
export const parseIndexes = (text: string | undefined, completions: number): ReadonlySet<number> => {
  const indexes = new Set<number>();
  for (const part of (text ?? '').split(',').filter(Boolean)) {
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    for (let index = first; index <= last! && index < completions; index++) indexes.add(index);
  }
  return indexes;
};

/** Ascending; two or more in a row are an interval. */
export const formatIndexes = (indexes: Iterable<number>): string => {
  const parts: [first: number, last: number][] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const open = parts.at(-1);
    if (open && open[1] === index - 1) open[1] = index;
    else parts.push([index, index]);
  }
  return parts.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
};
