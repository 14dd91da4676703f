// Numbers for contents: a hash, so that an agent that starts again gives the same content the same number and finds the
// kernel as it left it; the next free one where two contents meet.
import { fnv1a32 } from '../../lang/fnv.ts';

export type Numbers = {
  /** The content's number, taken if it has none yet; `hash` is that of the content. */
  readonly take: (content: string, hash: number) => number;
  /** The number that a content of this hash has unless another one had it first. */
  readonly first: (hash: number) => number;
  /** The number may be another content's from now on. */
  readonly free: (content: string) => void;
};

/** 0 stands for nothing and 1 for PENDING; with 31 bits a number is never one that nft has a word for. */
const FIRST = 2;
const COUNT = 2 ** 31 - FIRST;

/** `count` is how many numbers there are: tests take few. */
export const createNumbers = (count = COUNT): Numbers => {
  const numbers = new Map<string, number>();
  const taken = new Set<number>();
  const unused = (number: number): number => {
    let at = number;
    while (taken.has(at)) at = at + 1 < FIRST + count ? at + 1 : FIRST;
    return at;
  };
  const first = (hash: number): number => FIRST + (hash % count);
  return {
    first,
    take: (content, hash) => {
      const known = numbers.get(content);
      if (known !== undefined) return known;
      const number = unused(first(hash));
      numbers.set(content, number);
      taken.add(number);
      return number;
    },
    free: (content) => {
      const number = numbers.get(content);
      if (number === undefined) return;
      numbers.delete(content);
      taken.delete(number);
    },
  };
};

/** A 32-bit hash whose every bit depends on the whole text. */
export const hashOf = (text: string): number => spread(fnv1a32(text));

/** Spreads what differs in few bits over all 32 (the end of MurmurHash3). */
export const spread = (hash: number): number => {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};
