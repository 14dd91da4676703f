// Which addresses DNS has told of the names of rules, and until when; also those whose time is over.

/** Until when, by name and address; in ms as of Date.now. The one that was told of last is the last. */
export type Untils = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Of one name; of more the ones that were told of last are remembered. */
const ADDRESSES_MAX = 10_000;
/** Answers leave out the fraction of a second that is left. */
const ROUNDED_MS = 1_000;

export class ToldNames {
  readonly #untilByName = new Map<string, Map<string, number>>();

  get untils(): Untils {
    return this.#untilByName;
  }

  /** False if it is known for as long already. */
  note(name: string, address: string, untilMs: number): boolean {
    const untils = this.#untilByName.get(name) ?? new Map<string, number>();
    if ((untils.get(address) ?? 0) > untilMs - ROUNDED_MS) return false;
    untils.delete(address);
    untils.set(address, untilMs);
    if (untils.size > ADDRESSES_MAX) untils.delete(untils.keys().next().value!);
    this.#untilByName.set(name, untils);
    return true;
  }

  /** When the next one ends; Infinity if none is left. */
  nextEnd(nowMs: number): number {
    let next = Infinity;
    for (const untils of this.#untilByName.values())
      for (const untilMs of untils.values()) if (untilMs > nowMs && untilMs < next) next = untilMs;
    return next;
  }

  /** Forgets all other names. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#untilByName.keys()) if (!names.has(name)) this.#untilByName.delete(name);
  }
}
