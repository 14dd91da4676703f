// FNV-1a: a small, well spread hash for names and spreading; not against an adversary.
// http://www.isthe.com/chongo/tech/comp/fnv/

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** The 32-bit FNV-1a hash of the text's UTF-16 code units, as an unsigned number. */
export const fnv1a32 = (text: string): number => {
  let hash = OFFSET_BASIS;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
  return hash >>> 0;
};
