// BPF maps: tables of the kernel's that programs look at and we write. Keys and values are packed one after the other,
// so that one call carries many elements. Linux >= 5.6 for that; linux/bpf.h, bpf(2).
import { bpf, openById, textAt } from './ffi/bpf.ts';
import { closeDescriptor } from './ffi/libc.ts';
import { isKernelError } from './kernel-error.ts';

export type MapDefinition = {
  /** At most 15 letters, digits and `_`. */
  readonly name: string;
  /** A full `hash` refuses new elements (E2BIG), a full `lru-hash` forgets those not used for longest; an `array` has all. */
  readonly type: 'hash' | 'array' | 'lru-hash';
  readonly keyBytes: number;
  readonly valueBytes: number;
  readonly maxEntries: number;
};

/** linux/bpf.h, enum bpf_map_type. */
const TYPES = { hash: 1, array: 2, 'lru-hash': 9 } as const;
/** Memory for elements when they come, not for all at once; other maps know only the latter. */
const NO_PREALLOC = 1;

/** struct bpf_map_info as far as its name: type, id, bytes of a key and a value, size, flags, name. */
const INFO = { bytes: 40, name: 24 };

export class BpfMap {
  readonly definition: MapDefinition;
  /** For a program's code. */
  readonly fd: number;

  private constructor(definition: MapDefinition, fd: number) {
    this.definition = definition;
    this.fd = fd;
  }

  static create(definition: MapDefinition): BpfMap {
    const { name, type, keyBytes, valueBytes, maxEntries } = definition;
    const flags = type === 'hash' ? NO_PREALLOC : 0;
    const attributes = { type: TYPES[type], keyBytes, valueBytes, maxEntries, flags, name };
    return new BpfMap(definition, bpf(`create map ${name}`, 'mapCreate', attributes));
  }

  /** The map with this id; undefined if it is gone or not as defined. */
  static open(id: number, definition: MapDefinition): BpfMap | undefined {
    const fd = openById(`open map ${id}`, 'mapById', id);
    if (fd === undefined) return undefined;
    const map = new BpfMap(definition, fd);
    if (map.#isAsDefined()) return map;
    map.close();
    return undefined;
  }

  /** Adds the elements or replaces their values; code E2BIG when the map is full. */
  update(keys: Uint8Array, values: Uint8Array): void {
    this.#batch('mapUpdateBatch', `update map ${this.definition.name}`, keys, { values });
  }

  /** All must be there: at the first that is not, code ENOENT. */
  delete(keys: Uint8Array): void {
    this.#batch('mapDeleteBatch', `delete from map ${this.definition.name}`, keys, {});
  }

  lookup(key: Uint8Array): Uint8Array | undefined {
    const value = new Uint8Array(this.definition.valueBytes);
    try {
      bpf(`look up in map ${this.definition.name}`, 'mapLookup', { map: this.fd, key, value });
      return value;
    } catch (error) {
      if (isKernelError(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  close(): void {
    closeDescriptor(this.fd);
  }

  #batch(
    command: 'mapUpdateBatch' | 'mapDeleteBatch',
    what: string,
    keys: Uint8Array,
    values: { readonly values?: Uint8Array },
  ): void {
    const count = keys.length / this.definition.keyBytes;
    if (count > 0) bpf(what, command, { map: this.fd, keys, ...values, count });
  }

  #isAsDefined(): boolean {
    const { name, type, keyBytes, valueBytes, maxEntries } = this.definition;
    const info = new Uint8Array(INFO.bytes);
    bpf(`describe map ${name}`, 'info', { descriptor: this.fd, bytes: info.length, info });
    const [kind, , ...sizes] = new Uint32Array(info.buffer, 0, 5);
    const wanted = [keyBytes, valueBytes, maxEntries];
    return (
      kind === TYPES[type] &&
      sizes.every((size, index) => size === wanted[index]) &&
      textAt(info, INFO.name) === name
    );
  }
}
