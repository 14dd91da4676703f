// What was written and the cache does not show yet. Until it does, a decision by the cache would be made twice.
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { keyOf } from '../k8s/objects.ts';
import type { Clock } from '../lang/clock.ts';

/** After this long the cache is believed again: what was written is gone, and so is the event of it. */
const TIMEOUT_MS = 30_000;

/** When to look again where the cache is behind; the event that it waits for usually comes first. */
export const BEHIND = { afterMs: 1000 } as const;

type Write = { readonly version: number; readonly uid: string; readonly sinceMs: number };

export class Written<T extends KubeObject> {
  readonly #clock: Clock;
  /** By owner, then by the written object's key; `version` is Infinity for a deletion. */
  readonly #writes = new Map<string, Map<string, Write>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wrote(owner: string, { metadata }: Stored<T>): void {
    this.#remember(owner, metadata, Number(metadata.resourceVersion));
  }

  deleted(owner: string, { metadata }: Stored<T>): void {
    this.#remember(owner, metadata, Infinity);
  }

  /** Whether the cache lacks something that was written for this owner; what it shows is forgotten here. */
  isBehind(owner: string, get: (key: string) => Stored<T> | undefined): boolean {
    const writes = this.#writes.get(owner);
    for (const [key, write] of writes ?? []) if (this.#isShown(write, get(key))) writes!.delete(key);
    if (writes?.size === 0) this.#writes.delete(owner);
    return this.#writes.has(owner);
  }

  forget(owner: string): void {
    this.#writes.delete(owner);
  }

  #remember(owner: string, metadata: Stored<T>['metadata'], version: number): void {
    const writes = this.#writes.get(owner) ?? new Map<string, Write>();
    const { uid } = metadata;
    this.#writes.set(owner, writes.set(keyOf({ metadata }), { version, uid, sinceMs: this.#clock.now() }));
  }

  #isShown({ version, uid, sinceMs }: Write, shown: Stored<T> | undefined): boolean {
    if (this.#clock.now() - sinceMs > TIMEOUT_MS) return true;
    if (version === Infinity) return shown?.metadata.uid !== uid;
    return (
      shown !== undefined && (shown.metadata.uid !== uid || Number(shown.metadata.resourceVersion) >= version)
    );
  }
}
