// Brings the kernel's maps in line with the wanted entries, and remembers what it has put there: no listing per change.
import { FAMILIES } from '../ip/address.ts';
import type { Nft } from '../kernel/nft.ts';
import type { Log } from '../lang/log.ts';
import { ChainUses } from './chain-uses.ts';
import { diffEntry } from './diff.ts';
import type { ElementChange, EntryDiff, Programmed, Slot } from './diff.ts';
import { EndpointIds } from './endpoint-ids.ts';
import { removeChainCommands, removeTableCommands, serviceCidrCommands, tableCommands } from './layout.ts';
import type { TableSite } from './layout.ts';
import { isSame } from './drift.ts';
import { observe, observeInTurns, rangesText, structureText } from './observe.ts';
import type { Observed } from './observe.ts';
import { entryKey } from './state.ts';
import type { Entry } from './state.ts';
import { Strays } from './strays.ts';
import { commandsOf, elementChanges } from './transaction.ts';
import type { ChainUse } from './transaction.ts';

export type WantedEntry = { readonly key: string; readonly wanted: Entry | undefined };

export type EntryChange = {
  readonly before: Programmed | undefined;
  readonly after: Programmed | undefined;
};

/** What a transaction did, for those who look after connections that exist. */
export type Effects = {
  /** Endpoints that connections are no longer sent to, with the entry that sent them. They may serve those that they have. */
  readonly gone: readonly { readonly entry: Programmed; readonly slot: Slot }[];
  /** Entries that were not there before. */
  readonly fresh: readonly Programmed[];
  /** What became of each entry. */
  readonly changes: readonly EntryChange[];
};

export class Programmer {
  readonly #nft: Nft;
  readonly #programmed = new Map<string, Programmed>();
  readonly #chains = new ChainUses();
  readonly #ids = new EndpointIds();
  #strays = new Strays();
  /** Counts what this has written: what is read while it changes says nothing. */
  #revision = 0;
  /** The chains and rules, as they were when chains were last made or taken away. */
  #structure = '';
  #serviceCidrs: readonly string[];
  /** The ranges of pods and Services, as they were when they were last written. */
  #ranges = '';

  private constructor(nft: Nft, { serviceCidrs }: TableSite) {
    this.#nft = nft;
    this.#serviceCidrs = serviceCidrs;
  }

  /** Makes the tables, or takes up those that are there with all their entries. */
  static open(nft: Nft, site: TableSite, log: Log): Programmer {
    const programmer = new Programmer(nft, site);
    const observed = adopt(nft, site, log);
    if (observed) programmer.#takeUp(observed);
    programmer.#structure = structureText(nft);
    programmer.#ranges = rangesText(nft);
    return programmer;
  }

  /** The keys of the entries in the kernel. */
  keys(): readonly string[] {
    return [...this.#programmed.keys()];
  }

  /** The entries in the kernel. */
  entries(): Iterable<Programmed> {
    return this.#programmed.values();
  }

  /**
   * Whether the kernel has what was written; undefined if that cannot be said, since something was written meanwhile.
   * Reads everything, a map in each turn of the thread.
   */
  async verify(): Promise<boolean | undefined> {
    const revision = this.#revision;
    const observed = await observeInTurns(this.#nft);
    if (this.#revision !== revision) return undefined;
    return (
      observed !== undefined &&
      observed.strays.length === 0 &&
      isSame(observed, this.#programmed, this.#chains) &&
      structureText(this.#nft) === this.#structure &&
      rangesText(this.#nft) === this.#ranges
    );
  }

  /** From now on drops what is sent to addresses in these ranges that no Service has. */
  setServiceCidrs(cidrs: readonly string[]): void {
    if (cidrs.join() === this.#serviceCidrs.join()) return;
    this.#nft.run(FAMILIES.flatMap((family) => serviceCidrCommands(family, cidrs)).join('\n'));
    this.#serviceCidrs = cidrs;
    this.#revision++;
    this.#ranges = rangesText(this.#nft);
  }

  /** Takes away the chains that nothing has led to since the last call. */
  collect(): void {
    const unused = this.#chains.takeUnused();
    if (unused.length === 0) return;
    this.#nft.run(unused.flatMap(({ family, shape }) => removeChainCommands(family, shape)).join('\n'));
    this.#revision++;
    this.#structure = structureText(this.#nft);
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
      const fronts = plans.map(({ before, diff }) => (diff.after ?? before)!);
      this.#run(
        this.#strays.of(fronts),
        plans.map(({ diff }) => diff),
      );
      for (const front of fronts) this.#strays.drop(front);
      return this.#commit(plans);
    } catch (error) {
      for (const id of taken) this.#ids.release(id);
      throw error;
    }
  }

  /** Takes away what was found in the maps and is part of no entry. */
  removeStrays(): void {
    this.#run(this.#strays.all(), []);
    this.#strays = new Strays();
  }

  #run(strays: readonly ElementChange[], diffs: readonly EntryDiff[]): void {
    const changes = [...strays, ...diffs.flatMap((diff) => diff.changes)];
    if (changes.length === 0) return;
    const chains = this.#chains.missing(diffs.flatMap(({ after }) => after ?? []));
    if (chains.length > 0) this.#make(chains);
    this.#nft.change(elementChanges(changes));
    this.#revision++;
  }

  #make(chains: readonly ChainUse[]): void {
    this.#nft.run(commandsOf(chains));
    this.#chains.made(chains);
    this.#revision++;
    this.#structure = structureText(this.#nft);
  }

  #commit(
    plans: readonly {
      readonly key: string;
      readonly before: Programmed | undefined;
      readonly diff: EntryDiff;
    }[],
  ): Effects {
    for (const { key, before, diff } of plans) {
      this.#chains.changed(before, diff.after);
      if (diff.after) this.#programmed.set(key, diff.after);
      else this.#programmed.delete(key);
      for (const { id } of diff.gone) this.#ids.release(id);
    }
    return {
      gone: plans.flatMap(({ before, diff }) => diff.gone.map((slot) => ({ entry: before!, slot }))),
      fresh: plans.flatMap(({ before, diff }) => (!before && diff.after ? [diff.after] : [])),
      changes: plans.map(({ before, diff }) => ({ before, after: diff.after })),
    };
  }

  #takeUp({ entries, strays, chains, rememberedIds }: Observed): void {
    this.#strays = new Strays(strays);
    this.#chains.made(chains);
    for (const entry of entries) {
      this.#programmed.set(entryKey(entry), entry);
      this.#chains.changed(undefined, entry);
    }
    this.#ids.adopt(
      entries.flatMap(({ slots }) => slots.map(({ id }) => id)),
      rememberedIds,
    );
  }
}

/** Gives rules and ranges anew in either case; elements stay if they can be read. */
const adopt = (nft: Nft, site: TableSite, log: Log): Observed | undefined => {
  try {
    const observed = observe(nft);
    const base = FAMILIES.map((family) => tableCommands(family, site));
    if (observed) {
      nft.run([...base, commandsOf(observed.chains)].join('\n'));
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
