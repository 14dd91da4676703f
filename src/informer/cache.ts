// The objects of one resource by key, and by the values of named index functions.
import { keyOf } from '../k8s/objects.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';

/** One object's change: added (no `before`), updated, or deleted (no `after`). */
export type Change<T extends KubeObject> = {
  readonly key: string;
  readonly before: Stored<T> | undefined;
  readonly after: Stored<T> | undefined;
};

export type Indexes<T extends KubeObject> = Readonly<
  Record<string, (object: Stored<T>) => readonly string[]>
>;

/** Most values of an index have one object: a Map for each would take more memory than the objects' own. */
type Group<T extends KubeObject> = Stored<T> | Map<string, Stored<T>>;

/** Every method that writes returns the changes it made: none for an object that is already there as it is. */
export class Cache<T extends KubeObject> {
  readonly #byKey = new Map<string, Stored<T>>();
  readonly #indexes: Indexes<T>;
  /** Index name -> value -> objects. */
  readonly #byIndex = new Map<string, Map<string, Group<T>>>();

  constructor(indexes: Indexes<T>) {
    this.#indexes = indexes;
    for (const name of Object.keys(indexes)) this.#byIndex.set(name, new Map());
  }

  get(key: string): Stored<T> | undefined {
    return this.#byKey.get(key);
  }

  list(): readonly Stored<T>[] {
    return [...this.#byKey.values()];
  }

  /** Throws a TypeError for an index that was not declared. */
  byIndex(index: string, value: string): readonly Stored<T>[] {
    const byValue = this.#byIndex.get(index);
    if (!byValue) throw new TypeError(`no index ${index}: declare it in the informer's options`);
    const group = byValue.get(value);
    if (!group) return [];
    return group instanceof Map ? [...group.values()] : [group];
  }

  /** The same name with another uid is another object: the old one is deleted first. */
  set(after: Stored<T>): readonly Change<T>[] {
    const key = keyOf(after);
    const before = this.#byKey.get(key);
    if (before?.metadata.resourceVersion === after.metadata.resourceVersion) return [];
    if (before) this.#forget(key, before);
    this.#keep(key, after);
    if (!before || before.metadata.uid === after.metadata.uid) return [{ key, before, after }];
    return [
      { key, before, after: undefined },
      { key, before: undefined, after },
    ];
  }

  /** `last` is the object's state at its deletion. */
  delete(last: Stored<T>): readonly Change<T>[] {
    const key = keyOf(last);
    const before = this.#byKey.get(key);
    if (!before || before.metadata.uid !== last.metadata.uid) return [];
    this.#forget(key, before);
    return [{ key, before: last, after: undefined }];
  }

  /** Makes the cache hold exactly `objects`; deletions come first. */
  replace(objects: readonly Stored<T>[]): readonly Change<T>[] {
    const present = new Set(objects.map(keyOf));
    const gone = this.list().filter((object) => !present.has(keyOf(object)));
    return [
      ...gone.flatMap((object) => this.delete(object)),
      ...objects.flatMap((object) => this.set(object)),
    ];
  }

  #keep(key: string, object: Stored<T>): void {
    this.#byKey.set(key, object);
    for (const [byValue, value] of this.#entries(object)) {
      const group = byValue.get(value);
      if (group instanceof Map) group.set(key, object);
      else byValue.set(value, group ? pairOf(group, key, object) : object);
    }
  }

  #forget(key: string, object: Stored<T>): void {
    this.#byKey.delete(key);
    for (const [byValue, value] of this.#entries(object)) {
      const group = byValue.get(value);
      if (group instanceof Map) group.delete(key);
      if (group === object || (group instanceof Map && group.size === 0)) byValue.delete(value);
    }
  }

  *#entries(object: Stored<T>): Generator<[Map<string, Group<T>>, string]> {
    for (const [name, values] of Object.entries(this.#indexes)) {
      for (const value of values(object)) yield [this.#byIndex.get(name)!, value];
    }
  }
}

/** An index function may give a value twice: then there is still one object. */
const pairOf = <T extends KubeObject>(present: Stored<T>, key: string, object: Stored<T>): Group<T> => {
  const presentKey = keyOf(present);
  if (presentKey === key) return object;
  return new Map([
    [presentKey, present],
    [key, object],
  ]);
};
