// How many questions may be open at once: of all clients together, and of each, so that none takes the places of all others.

/** A client's share. */
const SHARE = 0.25;

export class Pending {
  readonly #max: number;
  readonly #byClient = new Map<string, number>();
  #total = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** False: not now. */
  enter(client: string): boolean {
    const own = this.#byClient.get(client) ?? 0;
    if (this.#total >= this.#max || own >= Math.max(1, this.#max * SHARE)) return false;
    this.#byClient.set(client, own + 1);
    this.#total++;
    return true;
  }

  leave(client: string): void {
    const own = this.#byClient.get(client) ?? 0;
    if (own > 1) this.#byClient.set(client, own - 1);
    else this.#byClient.delete(client);
    this.#total--;
  }
}
