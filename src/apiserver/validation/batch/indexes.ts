// Texts that name a Job's indexes: `1,3-5,7` (kubernetes pkg/apis/batch/validation/validation.go).

type Interval = { readonly first: number; readonly last: number };

export type Indexes =
  | { readonly ok: true; readonly total: number }
  | { readonly ok: false; readonly reason: string };

/** Ascending, below `completions`. The empty text names none. */
export const parseIndexes = (text: string, completions: number): Indexes => {
  let [total, previous] = [0, -1];
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = parseInterval(part, completions);
    if (typeof interval === 'string') return { ok: false, reason: interval };
    if (previous >= interval.first)
      return {
        ok: false,
        reason: `non-increasing order, previous: ${previous}, current: ${interval.first}`,
      };
    total += interval.last - interval.first + 1;
    previous = interval.last;
  }
  return { ok: true, total };
};

/** The first index that both texts name, as far as they can be read. */
export const overlapOf = (a: string, b: string, completions: number): number | undefined => {
  const [ofA, ofB] = [a, b].map((text) => intervalsOf(text, completions)) as [Interval[], Interval[]];
  for (let [atA, atB] = [0, 0]; atA < ofA.length && atB < ofB.length;) {
    const [inA, inB] = [ofA[atA]!, ofB[atB]!];
    if (inA.first <= inB.last && inB.first <= inA.last) return Math.max(inA.first, inB.first);
    if (inA.first <= inB.first) atA++;
    else atB++;
  }
  return undefined;
};

const intervalsOf = (text: string, completions: number): Interval[] =>
  text
    .split(',')
    .map((part) => parseInterval(part, completions))
    .filter((each) => typeof each !== 'string');

const parseInterval = (text: string, completions: number): Interval | string => {
  const ends = text.split('-');
  if (ends.length > 2)
    return `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`;
  for (const end of ends) {
    if (!/^\d{1,9}$/.test(end)) return `cannot convert string to integer for index: ${JSON.stringify(end)}`;
    if (Number(end) >= completions) return `too large index: ${JSON.stringify(end)}`;
  }
  const [first, last = first] = ends.map(Number) as [number, number?];
  if (ends.length === 2 && first >= last!)
    return `non-increasing order, previous: ${first}, current: ${last}`;
  return { first, last: last! };
};
