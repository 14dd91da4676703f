// What follows from a CustomResourceDefinition: its status, its kinds, and the end of its objects when it is deleted. All
// of it happens in the write that makes it due, so whoever waits for a definition waits for one event.
import type { CustomResourceDefinition } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { equalJson } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import type { KindTable } from '../kind-table.ts';
import type { RequestContext } from '../registry.ts';
import type { StoredObject } from '../store/change.ts';
import type { Table } from '../store/store.ts';
import { deleteAll } from '../verbs/delete.ts';
import type { Machinery } from '../verbs/machinery.ts';
import { replaceUnchecked } from '../verbs/replace.ts';
import { isEstablished, withCondition } from './definition/conditions.ts';
import type { Condition } from './definition/conditions.ts';
import { CLEANUP } from './definition/deletion.ts';
import { withNextStatus } from './definition/next-status.ts';

export type DefinitionsOptions = {
  readonly machinery: Machinery;
  readonly kinds: KindTable;
  /** The kind CustomResourceDefinition. */
  readonly kind: Kind;
  /** As whom the server writes. */
  readonly context: RequestContext;
  readonly kindsOf: (definition: CustomResourceDefinition) => readonly Kind[];
};

type Definition = Stored<CustomResourceDefinition>;

/** Keeps the served kinds, the statuses and the objects in line with the definitions, from now on. */
export class Definitions {
  readonly #options: DefinitionsOptions;
  readonly #table: Table;
  /** What the served kinds were made of, by the definition's name. */
  readonly #served = new Map<string, Definition>();
  /** Ends the watch for the last object of a definition that is being deleted. */
  readonly #waiting = new Map<string, () => void>();

  constructor(options: DefinitionsOptions) {
    const { store } = options.machinery;
    this.#options = options;
    this.#table = store.table(options.kind.resource);
    for (const name of this.#table.objects.keys()) this.#sync(name);
    store.watch(this.#table, {
      sink: { event: (event) => 'object' in event && this.#sync(event.object.metadata.name) },
      selector: {
        id: 'definitions',
        namespace: undefined,
        isFiltering: false,
        onlyKey: undefined,
        matches: () => true,
      },
      wantsBookmarks: false,
      since: store.revision,
    });
  }

  #sync(name: string): void {
    const definition = this.#find(name);
    if (!definition) return this.#forget(name);
    const next = withNextStatus(definition, this.#othersOf(definition), this.#now());
    if (next !== definition) return this.#write(definition, next);
    if (isEstablished(definition)) this.#serve(definition);
    if (definition.metadata.deletionTimestamp && definition.metadata.finalizers?.includes(CLEANUP))
      this.#cleanUp(definition);
  }

  // Its names are free: another definition may have waited for them.
  #forget(name: string): void {
    this.#waiting.get(name)?.();
    this.#waiting.delete(name);
    const before = this.#served.get(name);
    this.#served.delete(name);
    this.#options.kinds.setCustom(name, []);
    if (before) this.#endWatches(before);
    const group = name.slice(name.indexOf('.') + 1);
    for (const other of this.#all().filter(({ spec }) => spec.group === group))
      this.#sync(other.metadata.name);
  }

  #serve(definition: Definition): void {
    const { name } = definition.metadata;
    const before = this.#served.get(name);
    if (before && isServedAlike(before, definition)) return;
    this.#served.set(name, definition);
    this.#options.kinds.setCustom(name, this.#options.kindsOf(definition));
    if (before) this.#endWatches(before);
  }

  // Who watches sees objects as the definition had them when the watch began: let them begin anew.
  #endWatches(definition: Definition): void {
    this.#objectsOf(definition).watchers.end();
  }

  #cleanUp(definition: Definition): void {
    if (!isEstablished(definition)) return this.#release(definition, NEVER_ESTABLISHED);
    const next = withCondition(definition, IN_PROGRESS, this.#now()) as Definition;
    if (!equalJson(next.status, definition.status)) return this.#write(definition, next);
    const { machinery, context } = this.#options;
    const objects = this.#objectsOf(definition);
    const [kind] = this.#options.kindsOf(definition);
    if (kind) deleteAll(machinery, asStored(kind), context);
    if (objects.objects.size === 0) this.#release(definition, COMPLETED);
    else this.#waitForLast(definition, objects);
  }

  #waitForLast({ metadata: { name } }: Definition, objects: Table): void {
    if (this.#waiting.has(name)) return;
    const { store } = this.#options.machinery;
    const event = (): void => {
      if (objects.objects.size > 0) return;
      this.#waiting.get(name)?.();
      this.#waiting.delete(name);
      const definition = this.#find(name);
      if (definition) this.#release(definition, COMPLETED);
    };
    const selector = {
      id: `last of ${name}`,
      namespace: undefined,
      isFiltering: true,
      onlyKey: undefined,
      matches: () => true,
    };
    this.#waiting.set(
      name,
      store.watch(objects, { sink: { event }, selector, wantsBookmarks: false, since: store.revision }),
    );
  }

  #release(definition: Definition, condition: Condition): void {
    const next = withCondition(definition, condition, this.#now()) as Definition;
    const finalizers = (definition.metadata.finalizers ?? []).filter((name) => name !== CLEANUP);
    this.#write(definition, { ...next, metadata: { ...definition.metadata, finalizers } });
  }

  #write(before: Definition, next: CustomResourceDefinition): void {
    const { machinery, kind, context } = this.#options;
    replaceUnchecked(
      machinery,
      { kind, before: before as StoredObject, draft: { ...next } as Draft },
      context,
    );
  }

  #objectsOf({ spec }: Definition): Table {
    return this.#options.machinery.store.table({
      ...this.#options.kind.resource,
      group: spec.group,
      resource: spec.names.plural,
    });
  }

  #othersOf({ metadata, spec }: Definition): readonly Definition[] {
    return this.#all().filter(
      (each) => each.spec.group === spec.group && each.metadata.name !== metadata.name,
    );
  }

  #all(): readonly Definition[] {
    return this.#table.objects.keys().map((name) => this.#find(name)!);
  }

  #find(name: string): Definition | undefined {
    return this.#table.objects.get(name) as Definition | undefined;
  }

  #now(): number {
    return this.#options.machinery.clock.now();
  }
}

// A webhook that is gone must not keep objects alive that nobody wants to see again.
const asStored = ({ view: _view, storedForm: _storedForm, ...kind }: Kind): Kind => kind;

const isServedAlike = (a: Definition, b: Definition): boolean =>
  (a.spec === b.spec || equalJson(a.spec, b.spec)) &&
  equalJson(a.status?.acceptedNames, b.status?.acceptedNames);

const terminating = (status: 'True' | 'False', reason: string, message: string): Condition => ({
  type: 'Terminating',
  status,
  reason,
  message,
});

const IN_PROGRESS = terminating(
  'True',
  'InstanceDeletionInProgress',
  'CustomResource deletion is in progress',
);
const COMPLETED = terminating('False', 'InstanceDeletionCompleted', 'removed all instances');
const NEVER_ESTABLISHED = terminating('False', 'NeverEstablished', 'resource was never established');
