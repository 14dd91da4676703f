// Brings the kernel's maps in line with the wanted elements, and remembers what it has put there: no listing per change.
import type { Nft } from '../../kernel/nft.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { MAPS } from '../compile/elements.ts';
import type { AddedElement, ElementChanges, Elements, MapName } from '../compile/elements.ts';
import { diffElements, isResolved } from './diff.ts';
import { TABLE, closingCommands, removeTableCommands, tableCommands } from './layout.ts';
import type { TableSite } from './layout.ts';
import { observe, observeInTurns, observeTimed } from './observe.ts';
import { additionsOf, elementChanges } from './transaction.ts';
import type { Removal } from './transaction.ts';

export type PolicyTableOptions = TableSite & {
  readonly nft: Pick<Nft, 'run' | 'change' | 'query' | 'tables' | 'structure'>;
  readonly clock: Clock;
  readonly log: Log;
};

export class PolicyTable {
  readonly #options: PolicyTableOptions;
  readonly #committed: ReadonlyMap<MapName, Map<string, string>>;
  /** Counts what this has written: what is read while it changes says nothing. */
  #revision = 0;
  /** The chains and rules, as they were when they were written. */
  readonly #structure: string;

  /** A former agent's, with their times. */
  readonly #found: AddedElement[] = [];

  private constructor(options: PolicyTableOptions, elements: Elements) {
    this.#options = options;
    this.#committed = new Map(MAPS.map((map) => [map, new Map(elements.get(map))]));
    this.#structure = options.nft.structure(TABLE);
  }

  /**
   * Takes up the table that is there with all its elements and gives it its rules anew. If there is none, or one of another
   * make, there is one with the given elements afterwards, and no new connection until it is whole.
   */
  static open(options: PolicyTableOptions, otherwise: Elements): PolicyTable {
    const adopted = adopt(options);
    if (!adopted) replace(options, otherwise);
    const table = new PolicyTable(options, adopted ?? otherwise);
    if (adopted) table.#found.push(...observeTimed(options.nft, options.clock.now()));
    return table;
  }

  /** Does the changes in one transaction. If it throws, nothing has changed. */
  apply(changes: ElementChanges): void {
    const { add, remove } = this.#necessary(changes);
    if (add.length === 0 && remove.length === 0) return;
    this.#options.nft.change(elementChanges(remove, add, this.#options.clock.now()));
    this.#revision++;
    for (const [map, key] of remove) this.#committed.get(map)!.delete(key);
    for (const [map, key, value] of add) this.#committed.get(map)!.set(key, value);
  }

  /** Has the maps hold these elements, and no others. `timed` are those of them that have a time. */
  sync(wanted: Elements, timed: readonly AddedElement[]): void {
    const { remove, add } = diffElements(this.#committed, wanted);
    this.apply({ remove, add: [...add.filter(([map]) => !isResolved(map)), ...timed] });
  }

  /** The elements with a time that were there when the table was taken up. */
  takeFound(): readonly AddedElement[] {
    return this.#found.splice(0);
  }

  /** Whether the kernel has what was written; undefined if that cannot be said, since something was written meanwhile. */
  async verify(): Promise<boolean | undefined> {
    const revision = this.#revision;
    const observed = await observeInTurns(this.#options.nft);
    if (this.#revision !== revision) return undefined;
    if (!observed || this.#options.nft.structure(TABLE) !== this.#structure) return false;
    const { add, remove } = diffElements(observed, this.#committed);
    return [...add, ...remove].every(([map]) => isResolved(map));
  }

  /** What is there with another value, or another time, is removed first; what is there as it should be is left alone. */
  #necessary({ add, remove }: ElementChanges) {
    const removals = new Map<string, Removal>();
    const drop = (map: MapName, key: string): void => {
      const value = this.#committed.get(map)!.get(key);
      if (value !== undefined) removals.set(`${map} ${key}`, [map, key, value]);
    };
    for (const [map, key] of remove) drop(map, key);
    const additions = add.filter(([map, key, value, untilMs]) => {
      const isThere = this.#committed.get(map)!.get(key) === value && !removals.has(`${map} ${key}`);
      if (isThere && untilMs === undefined) return false;
      drop(map, key);
      return true;
    });
    return { add: additions, remove: [...removals.values()] };
  }
}

/** Undefined if there is nothing that could be taken up. */
const adopt = (options: PolicyTableOptions): Elements | undefined => {
  const { nft, log } = options;
  try {
    const observed = observe(nft);
    if (observed) nft.run(tableCommands(options).join('\n'));
    return observed;
  } catch (error) {
    log.warn({ err: error }, 'the policy table is of another make, replacing it');
    return undefined;
  }
};

const replace = (options: PolicyTableOptions, elements: Elements): void => {
  const { nft, clock } = options;
  nft.run([...removeTableCommands(), ...tableCommands(options), ...closingCommands()].join('\n'));
  nft.change(elementChanges([], additionsOf(elements), clock.now()));
  nft.run(tableCommands(options).join('\n'));
};
