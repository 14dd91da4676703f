// `+` of lists by x-kubernetes-list-type: sets and maps take each element or key once, in the place where it is.
import { elementKey } from '../values/equal.ts';
import { ValueList, elementsOf } from '../values/value.ts';
import type { List } from '../values/value.ts';
import { work } from '../values/work.ts';

/** Concatenation; for a set or map list on the left a union, in which the right one's element of a key wins. */
export const addLists = (left: List, right: List): List => {
  const { semantics } = left;
  work(left.size + right.size);
  if (semantics.kind === 'atomic') return new ValueList([...elementsOf(left), ...elementsOf(right)]);
  const union = new Map(elementsOf(left).map((element) => [elementKey(left, element), element]));
  for (const element of elementsOf(right)) {
    const key = elementKey(left, element);
    if (semantics.kind === 'map' || !union.has(key)) union.set(key, element);
  }
  return new ValueList([...union.values()], semantics);
};
