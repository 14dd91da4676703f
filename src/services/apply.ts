// Brings the kernel's maps in line with the wanted entries, and remembers what it has put there: no listing per change.
import type { Nft } from '../kernel/nft.ts';
import type { Log } from '../lang/log.ts';
import { diffEntry } from './diff.ts';
import type { EntryDiff, Programmed, Slot } from './diff.ts';
import { EndpointIds } from './endpoint-ids.ts';
import { FAMILIES, removeTableCommands, tableCommands, tableName } from './layout.ts';
import type { TableSite } from './layout.ts';
import { observe } from './observe.ts';
import type { Observed } from './observe.ts';
import { chainName } from './shape.ts';
import { entryKey } from './state.ts';
import type { Entry } from './state.ts';
import { commandsOf } from './transaction.ts';
import type { ChainUse } from './transaction.ts';

export type WantedEntry = { readonly key: string; readonly wanted: Entry | undefined };

/** What a transaction did, for those who look after connections that exist. */
export type Effects = {
  /** Endpoints that connections are no longer sent to, with the entry that sent them. */
  readonly gone: readonly { readonly entry: Programmed; readonly slot: Slot }[];
  /** Entries that were not there before. */
  readonly fresh: readonly Programmed[];
};

export class Programmer {
  readonly #nft: Nft;
  readonly #programmed = new Map<string, Programmed>();
  readonly #chains = new Set<string>();
  readonly #ids = new EndpointIds();

  private constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** Makes the tables, or takes up those that are there with all their entries. */
  static open(nft: Nft, site: TableSite, log: Log): Programmer {
    const programmer = new Programmer(nft);
    const observed = adopt(nft, site, log);
    if (observed) programmer.#takeUp(observed);
    return programmer;
  }

  /** The keys of the entries in the kernel. */
  keys(): readonly string[] {
    return [...this.#programmed.keys()];
  }

  /** Brings these entries in line in one transaction; of two with one key the last counts. If it throws, nothing has changed. */
  program(entries: readonly WantedEntry[]): Effects {
    const taken: number[] = [];
    const takeId: Parameters<typeof diffEntry>[2] = (masquerade) => {
      const id = this.#ids.take(masquerade);
      taken.push(id);
      return id;
    };
    try {
      const plans = [...new Map(entries.map((entry) => [entry.key, entry])).values()]
        .map(({ key, wanted }) => ({ key, before: this.#programmed.get(key), wanted }))
        .filter(({ before, wanted }) => before ?? wanted)
        .map(({ key, before, wanted }) => ({ key, before, diff: diffEntry(before, wanted, takeId) }));
      this.#run(plans.map(({ diff }) => diff));
      return this.#commit(plans);
    } catch (error) {
      for (const id of taken) this.#ids.release(id);
      throw error;
    }
  }

  #run(diffs: readonly EntryDiff[]): void {
    const changes = diffs.flatMap((diff) => diff.changes);
    if (changes.length === 0) return;
    const chains = this.#newChains(diffs);
    this.#nft.run(commandsOf([...chains.values()], changes));
    for (const name of chains.keys()) this.#chains.add(name);
  }

  #newChains(diffs: readonly EntryDiff[]): ReadonlyMap<string, ChainUse> {
    const uses = diffs.flatMap(({ shape, after }) =>
      shape?.kind === 'balance' && after ? [{ family: after.family, shape }] : [],
    );
    return new Map(
      uses.map((use) => [nameOf(use), use] as const).filter(([name]) => !this.#chains.has(name)),
    );
  }

  #commit(
    plans: readonly {
      readonly key: string;
      readonly before: Programmed | undefined;
      readonly diff: EntryDiff;
    }[],
  ): Effects {
    for (const { key, diff } of plans) {
      if (diff.after) this.#programmed.set(key, diff.after);
      else this.#programmed.delete(key);
      for (const { id } of diff.gone) this.#ids.release(id);
    }
    return {
      gone: plans.flatMap(({ before, diff }) => diff.gone.map((slot) => ({ entry: before!, slot }))),
      fresh: plans.flatMap(({ before, diff }) => (!before && diff.after ? [diff.after] : [])),
    };
  }

  #takeUp({ entries, chains, rememberedIds }: Observed): void {
    for (const entry of entries) this.#programmed.set(entryKey(entry), entry);
    for (const use of chains) this.#chains.add(nameOf(use));
    this.#ids.adopt(
      entries.flatMap(({ slots }) => slots.map(({ id }) => id)),
      rememberedIds,
    );
  }
}

const nameOf = ({ family, shape }: ChainUse): string => `${tableName(family)} ${chainName(shape)}`;

/** Gives rules and ranges anew in either case; elements stay if all of them are understood. */
const adopt = (nft: Nft, site: TableSite, log: Log): Observed | undefined => {
  try {
    const observed = observe(nft);
    const base = FAMILIES.map((family) => tableCommands(family, site));
    if (observed) {
      nft.run([...base, commandsOf(observed.chains, [])].join('\n'));
      return observed;
    }
  } catch (error) {
    log.warn({ err: error }, 'the service tables are of another make, replacing them');
  }
  nft.run(
    FAMILIES.flatMap((family) => [removeTableCommands(family), tableCommands(family, site)]).join('\n'),
  );
  return undefined;
};
