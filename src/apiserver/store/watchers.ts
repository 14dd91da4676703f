// Who watches a kind. Watchers with the same selection share one evaluation and get the same event object.
import type { Log } from '../../lang/log.ts';
import type { RegistryEvent, WatchSink } from '../registry.ts';
import type { Change } from './change.ts';
import type { Selector } from './selector.ts';

export type Watcher = {
  readonly sink: WatchSink;
  readonly selector: Selector;
  readonly wantsBookmarks: boolean;
  /** It has been told of everything up to this revision. */
  readonly since: number;
};

type Group = { readonly selector: Selector; readonly watchers: Set<Watcher> };

export class Watchers {
  readonly #log: Log;
  readonly #groups = new Map<string, Group>();

  constructor(log: Log) {
    this.#log = log;
  }

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  add(watcher: Watcher): void {
    const { selector } = watcher;
    const group = this.#groups.get(selector.id) ?? { selector, watchers: new Set() };
    group.watchers.add(watcher);
    this.#groups.set(selector.id, group);
  }

  remove(watcher: Watcher): void {
    const group = this.#groups.get(watcher.selector.id);
    group?.watchers.delete(watcher);
    if (group?.watchers.size === 0) this.#groups.delete(watcher.selector.id);
  }

  /** Tells all that it is over. */
  end(): void {
    for (const { watchers } of this.#groups.values()) for (const { sink } of watchers) sink.end?.();
  }

  publish(change: Change): void {
    for (const { selector, watchers } of this.#groups.values()) {
      const event = this.#eventThrough(selector, change);
      if (event === 'unknown') for (const { sink } of watchers) sink.end?.();
      if (!event || event === 'unknown') continue;
      for (const watcher of watchers) if (watcher.since < change.revision) this.tell(watcher, event);
    }
  }

  // What cannot be shown must not keep others from hearing of it: who is to see it begins anew.
  #eventThrough(selector: Selector, change: Change): RegistryEvent | 'unknown' | undefined {
    try {
      return change.eventThrough(selector);
    } catch (error) {
      this.#log.error({ err: error }, 'watch event not converted');
      return 'unknown';
    }
  }

  bookmark(event: RegistryEvent): void {
    for (const { watchers } of this.#groups.values()) {
      for (const watcher of watchers) if (watcher.wantsBookmarks) this.tell(watcher, event);
    }
  }

  /** A watcher that fails must not keep the event from the others. */
  tell({ sink }: Watcher, event: RegistryEvent): void {
    try {
      sink.event(event);
    } catch (error) {
      this.#log.error({ err: error }, 'watcher failed');
    }
  }
}
