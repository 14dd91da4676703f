// A map whose keys can be walked in order from any point: lists come in etcd's key order, page by page.

/** Adding or removing a key moves at most so many others. */
const PIECE_MAX = 512;

/** Reading costs O(log n) to find the start; adding or removing a key not much more. */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  /** The keys in order, cut into pieces of which none is empty. */
  readonly #pieces: string[][] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#add(key);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return;
    const at = this.#pieceOf(key);
    const piece = this.#pieces[at]!;
    piece.splice(indexOf(piece, key), 1);
    if (piece.length === 0) this.#pieces.splice(at, 1);
  }

  /** The keys in [from, before), in order. */
  keys(from = '', before?: string): readonly string[] {
    const first = this.#pieceOf(from);
    const last = before === undefined ? this.#pieces.length - 1 : this.#pieceOf(before);
    const keys = this.#pieces.slice(first, last + 1).flat();
    const end = before === undefined ? keys.length : indexOf(keys, before);
    return keys.slice(indexOf(keys, from), end);
  }

  #add(key: string): void {
    const at = this.#pieceOf(key);
    const piece = this.#pieces[at];
    if (!piece) return void this.#pieces.push([key]);
    piece.splice(indexOf(piece, key), 0, key);
    if (piece.length > PIECE_MAX) this.#pieces.splice(at + 1, 0, piece.splice(PIECE_MAX / 2));
  }

  /** The index of the piece that the key is in, or would have to be. */
  #pieceOf(key: string): number {
    let [low, high] = [0, this.#pieces.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#pieces[middle]![0]! <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Where `key` is, or would have to be, in a sorted list. */
const indexOf = (keys: readonly string[], key: string): number => {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
};
