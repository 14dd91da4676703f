// Which chains for shapes are in the kernel, and how many entries lead to each.
import type { Programmed } from './diff.ts';
import { tableName } from './layout.ts';
import { chainName, shapeOfCode } from './shape.ts';
import type { ChainUse } from './transaction.ts';

const nameOf = ({ family, shape }: ChainUse): string => `${tableName(family)} ${chainName(shape)}`;

const useOf = ({ family, code }: Programmed): ChainUse | undefined => {
  const shape = shapeOfCode(code);
  return shape?.kind === 'balance' ? { family, shape } : undefined;
};

export class ChainUses {
  readonly #chains = new Map<string, ChainUse>();
  readonly #counts = new Map<string, number>();
  /** Those that had no use when it was last asked. */
  #idle: ReadonlySet<string> = new Set();

  get size(): number {
    return this.#chains.size;
  }

  /** The chains that these entries need and that are not there, each once. */
  missing(entries: readonly Programmed[]): readonly ChainUse[] {
    const uses = entries.flatMap((entry) => useOf(entry) ?? []);
    const needed = new Map(uses.map((use) => [nameOf(use), use]));
    return [...needed].filter(([name]) => !this.#chains.has(name)).map(([, use]) => use);
  }

  made(chains: readonly ChainUse[]): void {
    for (const use of chains) this.#chains.set(nameOf(use), use);
  }

  changed(before: Programmed | undefined, after: Programmed | undefined): void {
    if (before?.code === after?.code) return;
    this.#count(before, -1);
    this.#count(after, 1);
  }

  /** Forgets and returns the chains without use now and at the last call: one that comes and goes stays. */
  takeUnused(): readonly ChainUse[] {
    const idle = [...this.#chains].filter(([name]) => !this.#counts.has(name));
    const unused = idle.filter(([name]) => this.#idle.has(name));
    this.#idle = new Set(idle.map(([name]) => name));
    for (const [name] of unused) this.#chains.delete(name);
    return unused.map(([, use]) => use);
  }

  #count(entry: Programmed | undefined, by: 1 | -1): void {
    const use = entry && useOf(entry);
    if (!use) return;
    const count = (this.#counts.get(nameOf(use)) ?? 0) + by;
    if (count > 0) this.#counts.set(nameOf(use), count);
    else this.#counts.delete(nameOf(use));
  }
}
