// A map whose keys can be walked in order from any point: lists come in etcd's key order, page by page.

/** Reading costs O(log n) to find the start; adding or removing a key moves what comes after it (a memmove). */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  readonly #keys: string[] = [];

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#keys.splice(indexOf(this.#keys, key), 0, key);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(indexOf(this.#keys, key), 1);
  }

  /** The keys in [from, before), in order. */
  keys(from = '', before?: string): readonly string[] {
    const end = before === undefined ? this.#keys.length : indexOf(this.#keys, before);
    return this.#keys.slice(indexOf(this.#keys, from), end);
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
