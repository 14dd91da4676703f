// The kinds that are served: the server's own, and those that CustomResourceDefinitions bring and take while it runs.
import type { Kind } from './kind.ts';
import type { ServedKinds } from './registry.ts';
import type { Resource } from '../k8s/resources.ts';

type Names = Pick<Resource, 'group' | 'version' | 'resource'>;

const idOf = ({ group, version, resource }: Names): string => `${group}/${version}/${resource}`;

/** Owns the present set. Every change makes a new `all`, so that whoever derives something from it sees that it is old. */
export class KindTable implements ServedKinds {
  readonly #own: readonly Kind[];
  readonly #customByName = new Map<string, readonly Kind[]>();
  readonly #listeners: (() => void)[] = [];
  #all: readonly Kind[];
  #byId: ReadonlyMap<string, Kind>;

  constructor(own: readonly Kind[]) {
    this.#own = own;
    this.#all = own;
    this.#byId = indexOf(own);
  }

  get all(): readonly Kind[] {
    return this.#all;
  }

  find(names: Names): Kind | undefined {
    return this.#byId.get(idOf(names));
  }

  /** Calls the listener after every change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The versions of one definition, instead of what it had before; none to take it away. */
  setCustom(definition: string, kinds: readonly Kind[]): void {
    if (kinds.length > 0) this.#customByName.set(definition, kinds);
    else if (!this.#customByName.delete(definition)) return;
    this.#all = [...this.#own, ...[...this.#customByName.values()].flat()];
    this.#byId = indexOf(this.#all);
    for (const listener of this.#listeners) listener();
  }
}

// The server's own kinds come first: no definition can take their place.
const indexOf = (kinds: readonly Kind[]): ReadonlyMap<string, Kind> =>
  new Map(kinds.toReversed().map((kind) => [idOf(kind.resource), kind]));
