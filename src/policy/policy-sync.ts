// From what is known to the kernel: one transaction for all changes since the last one.
import { familyOf } from '../ip/address.ts';
import type { Log } from '../lang/log.ts';
import { PENDING, MAPS, mapOf, markText } from './compile/elements.ts';
import type { AddedElement, Elements, MapName } from './compile/elements.ts';
import type { PolicyCompiler } from './compile/policy-compiler.ts';
import type { Touched } from './compile/touched.ts';
import { isResolved } from './kernel/diff.ts';
import { PolicyTable } from './kernel/policy-table.ts';
import type { PolicyTableOptions } from './kernel/policy-table.ts';
import type { Locals, Sandbox } from './locals.ts';
import { createSyncMeter } from './sync-meter.ts';
import type { SyncMeter } from './sync-meter.ts';

export type PolicySyncOptions = PolicyTableOptions & {
  readonly compiler: Pick<PolicyCompiler, 'adopt' | 'flush' | 'elements' | 'timedElements'>;
  readonly locals: Locals;
  /** After each transaction. */
  readonly onCommitted: (touched: Touched) => void;
  readonly log: Log;
};

export class PolicySync {
  readonly #options: PolicySyncOptions;
  readonly #meter: SyncMeter;
  /** Undefined after a failure: then what is in the kernel is read anew. */
  #table: PolicyTable | undefined;
  /** Everything was compiled: what is missing in the elements is not wanted. */
  #isComplete = false;
  /** The kernel has all that was compiled, so that changes are enough. */
  #isWhole = false;
  #isDirty = true;
  #touched: Touched = NOBODY;

  constructor(options: PolicySyncOptions) {
    this.#options = options;
    this.#meter = createSyncMeter(options.clock);
  }

  /** Whether everything is known: nothing is compiled before that. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Whether the kernel has everything that is known. */
  get isSettled(): boolean {
    return this.#isWhole && !this.#isDirty;
  }

  /** Makes the table, or takes up the one that is there. Sandboxes that were there before it are closed until the first flush. */
  open(): void {
    this.#opened();
  }

  /** The compiler has something new. */
  mark(): void {
    this.#isDirty = true;
    this.#meter.heard();
  }

  /** Everything is known from now on: the next flush may take away. */
  complete(): void {
    this.#isComplete = true;
  }

  /** Before the sandbox can send: its addresses have its pod's class, or nothing passes. */
  close(sandbox: Sandbox): void {
    this.#options.locals.add(sandbox);
    this.mark();
    if (this.#isComplete) {
      try {
        return this.flush();
      } catch (error) {
        this.#options.log.warn({ err: error }, 'policies not programmed, the pod is closed until they are');
      }
    }
    this.#opened().apply({ add: pending(sandbox.addresses), remove: [] });
    this.#isWhole = false; // an element that the compiler may not know of
  }

  /** Brings the kernel in line with everything that is known. If it throws, the next one reads what is there. */
  flush(): void {
    this.#meter.measure(() => this.#write());
    const touched = this.#touched;
    this.#touched = NOBODY;
    this.#options.onCommitted(touched);
  }

  /** Whether the kernel has what was written; undefined if that cannot be said now. */
  async verify(): Promise<boolean | undefined> {
    return this.#table?.verify();
  }

  /** Reads what is in the kernel anew: the next flush puts it right. */
  distrust(): void {
    this.#table = undefined;
    this.#isWhole = false;
    this.#isDirty = true;
  }

  #write(): void {
    const { compiler, locals } = this.#options;
    const { changes, touched } = compiler.flush();
    this.#touched = both(this.#touched, touched);
    try {
      if (this.#isWhole) this.#opened().apply(changes);
      else {
        this.#syncAll();
        // what was denied while nobody was here, nobody has said
        this.#touched = both(this.#touched, { ...NOBODY, subjects: new Set(locals.addresses()) });
      }
    } catch (error) {
      this.distrust();
      throw error;
    }
    this.#isWhole = true;
    this.#isDirty = false;
  }

  #syncAll(): void {
    const { compiler } = this.#options;
    const table = this.#opened();
    for (const [, address, peer, untilMs = 0] of table.takeFound()) compiler.adopt(address, peer, untilMs);
    compiler.flush();
    table.sync(compiler.elements(), compiler.timedElements());
  }

  #opened(): PolicyTable {
    const { compiler, locals } = this.#options;
    return (this.#table ??= PolicyTable.open(
      this.#options,
      this.#isComplete ? withoutTimed(compiler.elements()) : elementsOf(pending(locals.addresses())),
    ));
  }
}

const NOBODY: Touched = { subjects: new Set(), peers: new Set() };

const both = (a: Touched, b: Touched): Touched => ({
  subjects: a.subjects.union(b.subjects),
  peers: a.peers.union(b.peers),
});

/** No element that has a time may stay for good. */
const withoutTimed = (elements: Elements): Elements =>
  new Map([...elements].filter(([map]) => !isResolved(map)));

const pending = (addresses: readonly string[]): readonly AddedElement[] =>
  addresses.flatMap((address) =>
    (['egress', 'ingress'] as const).map((direction): AddedElement => [
      mapOf(direction, familyOf(address)!),
      address,
      markText(PENDING),
    ]),
  );

const elementsOf = (added: readonly AddedElement[]): Elements => {
  const elements = new Map<MapName, Map<string, string>>(MAPS.map((map) => [map, new Map()]));
  for (const [map, key, value] of added) elements.get(map)!.set(key, value);
  return elements;
};
