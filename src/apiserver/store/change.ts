// One write, and what it looks like to a watcher: through a selector a change can be an object's arrival or departure.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { RegistryEvent } from '../registry.ts';
import type { Selector } from './selector.ts';

export type StoredObject = Stored<KubeObject>;
export type ObjectEvent = Extract<RegistryEvent, { readonly object: StoredObject }>;
export type Matcher = (object: StoredObject) => boolean;

type ChangeOptions = {
  readonly revision: number;
  readonly timeMs: number;
  readonly key: string;
  readonly before: StoredObject | undefined;
  /** Undefined: the object was deleted. */
  readonly after: StoredObject | undefined;
};

/** Makes each event at most once, so that all watchers get the same object and an encoder can keep its bytes. */
export class Change {
  readonly revision: number;
  readonly timeMs: number;
  readonly key: string;
  readonly before: StoredObject | undefined;
  readonly after: StoredObject | undefined;
  readonly #events: Partial<Record<ObjectEvent['type'], ObjectEvent>> = {};

  constructor({ revision, timeMs, key, before, after }: ChangeOptions) {
    this.revision = revision;
    this.timeMs = timeMs;
    this.key = key;
    this.before = before;
    this.after = after;
  }

  /** Undefined: nothing that a watcher with this selector should hear of. */
  eventThrough(selector: Pick<Selector, 'matches' | 'view'>): ObjectEvent | undefined {
    const event = this.eventFor(selector.matches);
    if (!event || !selector.view) return event;
    if (event.type !== 'DELETED') return { ...event, object: selector.view(event.object) };
    return { ...event, object: this.#atRevision(selector.view(this.before!)) };
  }

  eventFor(matches: Matcher): ObjectEvent | undefined {
    const wasIn = this.before !== undefined && matches(this.before);
    const isIn = this.after !== undefined && matches(this.after);
    if (isIn) return this.#event(wasIn ? 'MODIFIED' : 'ADDED');
    return wasIn ? this.#event('DELETED') : undefined;
  }

  #event(type: ObjectEvent['type']): ObjectEvent {
    return (this.#events[type] ??= { type, object: type === 'DELETED' ? this.#last() : this.after! });
  }

  // As the watch cache does: the last state that the watcher knew, with the revision of the change
  // (k8s.io/apiserver/pkg/storage/cacher/cache_watcher.go, convertToWatchEvent).
  #last(): StoredObject {
    return this.#atRevision(this.before!);
  }

  #atRevision(object: StoredObject): StoredObject {
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } };
  }
}
