// Ids of endpoints: what the slots map gives, what the conntrack entry carries as its mark, what affinity remembers.
//
//  31 30 | 29 28      | 27 .. 0
//   0  0 | masquerade | number, unique over both families
//
// An id belongs to one endpoint of one entry for as long as it is in the kernel, and is not used again before all others
// were (a client's affinity may still name it for up to a day): so numbers are handed out in a ring, not lowest first.
import type { Masquerade } from './state.ts';

const NUMBER_BITS = 28;
const RING = 2 ** NUMBER_BITS;

/** The two bits; never 0, so that a connection which is not the proxy's has none of them. */
const MASQUERADE_CODES: Readonly<Record<Masquerade, number>> = { outsiders: 1, all: 2, none: 3 };
export const MASQUERADE_MASK = 3 * RING;

export const masqueradeCode = (masquerade: Masquerade): number => MASQUERADE_CODES[masquerade] * RING;

export const masqueradeOf = (id: number): Masquerade | undefined =>
  (Object.keys(MASQUERADE_CODES) as Masquerade[]).find(
    (name) => MASQUERADE_CODES[name] === Math.floor(id / RING),
  );

export class EndpointIds {
  readonly #used = new Set<number>();
  #next = 1;

  get size(): number {
    return this.#used.size;
  }

  /** Takes up where ids were handed out before: all of `inUse` are taken, and none up to the highest `seen` is next. */
  adopt(inUse: Iterable<number>, seen: Iterable<number> = []): void {
    for (const id of inUse) this.#used.add(id % RING);
    for (const id of [...this.#used, ...seen]) this.#next = Math.max(this.#next, (id % RING) + 1);
  }

  take(masquerade: Masquerade): number {
    if (this.#used.size >= RING - 1) throw new RangeError(`all ${RING - 1} endpoint ids are in use`);
    while (this.#next >= RING || this.#used.has(this.#next)) this.#next = (this.#next + 1) % RING || 1;
    this.#used.add(this.#next);
    return masqueradeCode(masquerade) + this.#next++;
  }

  release(id: number): void {
    this.#used.delete(id % RING);
  }
}
