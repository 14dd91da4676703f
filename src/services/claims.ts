// Who has which address and port. Two Services may ask for the same (an external IP, or one Service's node port while
// another that had it is being deleted): the elder has it, and the other gets it when that one lets go.
import { entryKey } from './state.ts';
import type { Entry, ServiceTable } from './state.ts';

export type ServiceClaim = { readonly key: string; readonly seniority: string; readonly table: ServiceTable };

type Claim = { readonly service: string; readonly seniority: string; readonly entry: Entry };

export class Claims {
  readonly #byService = new Map<string, readonly string[]>();
  readonly #byEntry = new Map<string, readonly Claim[]>();

  /** The entry that this address and port should have, whoever asks for it. */
  get(entry: string): Entry | undefined {
    return this.#byEntry.get(entry)?.[0]?.entry;
  }

  entries(): Iterable<string> {
    return this.#byEntry.keys();
  }

  /** Replaces what a Service asks for; returns the keys of all entries that it asked for before or asks for now. */
  set({ key, seniority, table }: ServiceClaim): ReadonlySet<string> {
    const touched = new Set(this.#byService.get(key));
    for (const entry of touched) this.#remove(entry, key);
    for (const entry of table) {
      touched.add(entryKey(entry));
      this.#add(entryKey(entry), { service: key, seniority, entry });
    }
    if (table.length > 0) this.#byService.set(key, table.map(entryKey));
    else this.#byService.delete(key);
    return touched;
  }

  #add(entry: string, claim: Claim): void {
    const others = this.#byEntry.get(entry) ?? [];
    const claims = others.length === 0 ? [claim] : [...others, claim].sort(bySeniority);
    this.#byEntry.set(entry, claims);
  }

  #remove(entry: string, service: string): void {
    const left = (this.#byEntry.get(entry) ?? []).filter((claim) => claim.service !== service);
    if (left.length > 0) this.#byEntry.set(entry, left);
    else this.#byEntry.delete(entry);
  }
}

const bySeniority = (a: Claim, b: Claim): number => (a.seniority < b.seniority ? -1 : 1);
