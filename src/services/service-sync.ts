// From dirty Services to the kernel: select, compile, diff, apply, in transactions of bounded size.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Informer } from '../informer/informer.ts';
import type { EndpointSlice, Service } from '../k8s/generated/types.ts';
import { keyOf } from '../k8s/objects.ts';
import type { Stored } from '../k8s/objects.ts';
import { isKernelError } from '../kernel/kernel-error.ts';
import type { Nft } from '../kernel/nft.ts';
import type { Log } from '../lang/log.ts';
import { Programmer } from './apply.ts';
import type { Effects, WantedEntry } from './apply.ts';
import { Claims } from './claims.ts';
import type { ServiceClaim } from './claims.ts';
import { compileService } from './compile.ts';
import type { Programmed } from './diff.ts';
import type { ProxySite } from './compile.ts';
import type { TableSite } from './layout.ts';
import { hasTables } from './observe.ts';
import { selectService } from './select.ts';
import type { ServiceSnapshot } from './select.ts';
import type { Entry } from './state.ts';
import { UdpDrain } from './udp-drain.ts';

export type ServiceSyncOptions = {
  /** This node as it is now. When its addresses change, the Services with node ports are to be applied again. */
  readonly site: () => ProxySite & TableSite;
  readonly services: Pick<Informer<Service>, 'get' | 'list'>;
  readonly slicesOf: (service: string) => readonly Stored<EndpointSlice>[];
  readonly nft: Nft;
  readonly onEffects: (effects: Effects) => void;
  /** All Services are in the kernel: after the first apply, and again when the tables had to be made anew. */
  readonly onWhole: (entries: Iterable<Programmed>) => void;
  /** Called with each Service that is applied, undefined if nothing of it is for a proxy. */
  readonly onService: (key: string, service: ServiceSnapshot | undefined) => void;
  readonly log: Log;
};

/** What a transaction carries at most, in entries and endpoints: a large one holds up the thread and the kernel. */
const TRANSACTION_MAX = 3000;

/**
 * An element that should be there is not, or one that should not is; or a signal came while libnftables waited for the
 * answer (1.0.6, mnl_batch_talk), and whether the transaction was done is not known.
 */
const SUSPICIOUS = ['ENOENT', 'EEXIST', 'EINTR'] as const;

/** The entries that one Service's change touches. */
type Work = {
  readonly key: string;
  /** Undefined if nothing of the Service is for a proxy. */
  readonly snapshot: ServiceSnapshot | undefined;
  readonly entries: readonly WantedEntry[];
};

export class ServiceSync {
  readonly #options: ServiceSyncOptions;
  readonly #claims = new Claims();
  readonly #drain = new UdpDrain();
  readonly #complete = Promise.withResolvers<void>();
  #programmer: Programmer | undefined;
  #isSwept = false;
  #isSuspect = false;

  constructor(options: ServiceSyncOptions) {
    this.#options = options;
  }

  /** Resolves after the first apply. */
  whenComplete(): Promise<void> {
    return this.#complete.promise;
  }

  /** Brings these Services in line; returns those that failed. The first call must have all Services. */
  async apply(dirty: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    try {
      return await this.#applyAll(dirty);
    } catch (error) {
      if (this.isIntact()) throw error;
      this.#options.log.warn({ err: error }, 'the service tables are gone, making them again');
      return new Set([...dirty, ...this.restart()]);
    }
  }

  async #applyAll(dirty: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const { nft, log, site } = this.#options;
    const programmer = (this.#programmer ??= Programmer.open(nft, site(), log));
    programmer.setServiceCidrs(site().serviceCidrs);
    const failed = new Set<string>();
    let isFirst = true;
    for (const part of parts(this.#works(firstThingsFirst(dirty)))) {
      if (!isFirst) await nextTurn(); // others of this thread get their turn between transactions
      isFirst = false;
      this.#program(programmer, part, failed);
    }
    if (this.#programmer !== programmer) return failed; // it began anew meanwhile: the next apply has all Services
    if (!this.#isSwept) await this.#sweep(programmer);
    if (this.#isSwept) this.#complete.resolve();
    return failed;
  }

  /** Whether all Services are in the kernel: if not, the next apply is to have them all. */
  get isWhole(): boolean {
    return this.#isSwept;
  }

  /** Whether the tables are still there. */
  isIntact(): boolean {
    return this.#programmer === undefined || hasTables(this.#options.nft);
  }

  /** Whether a transaction ended in a way that tells of other elements in the kernel than those written. */
  isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Whether the kernel has what was written; undefined if that cannot be said now. */
  async verify(): Promise<boolean | undefined> {
    if (this.#isSuspect) return false;
    return this.isIntact() && (await this.#programmer?.verify());
  }

  /** Takes away chains that nothing leads to any more. */
  collect(): void {
    this.#programmer?.collect();
  }

  /** Forgets what is in the kernel; the returned Services are to be applied again. */
  restart(): readonly string[] {
    this.#programmer = undefined;
    this.#isSwept = false;
    this.#isSuspect = false;
    return this.#options.services.list().map(keyOf);
  }

  *#works(services: readonly string[]): Generator<Work> {
    for (const key of services) {
      const snapshot = this.#select(key);
      const touched = [...this.#claims.set(this.#compile(key, snapshot))];
      yield {
        key,
        snapshot,
        entries: touched.map((entry) => ({ key: entry, wanted: this.#claims.get(entry) })),
      };
    }
  }

  #select(key: string): ServiceSnapshot | undefined {
    const { services, slicesOf, onService } = this.#options;
    const service = services.get(key);
    const snapshot = service && selectService(service, slicesOf(key));
    onService(key, snapshot);
    return snapshot;
  }

  #compile(key: string, snapshot: ServiceSnapshot | undefined): ServiceClaim {
    if (!snapshot) return { key, seniority: '', table: [] };
    return { key, seniority: snapshot.seniority, table: compileService(snapshot, this.#options.site()) };
  }

  /** One transaction for all; if the kernel refuses it, one for each, so that a bad Service stops no other. */
  #program(programmer: Programmer, works: readonly Work[], failed: Set<string>): void {
    try {
      const effects = programmer.program(works.flatMap(({ entries }) => entries));
      this.#options.onEffects({ ...effects, gone: this.#drain.settle(works, effects.gone) });
    } catch (error) {
      if (!this.isIntact()) throw error;
      if (works.length > 1) return works.forEach((work) => this.#program(programmer, [work], failed));
      this.#options.log.error({ service: works[0]!.key, err: error }, 'service not programmed, will retry');
      failed.add(works[0]!.key);
      this.#isSuspect ||= isKernelError(error, ...SUSPICIOUS);
    }
  }

  /** Takes away what a former agent left and no Service asks for; called when all Services are known. */
  async #sweep(programmer: Programmer): Promise<void> {
    const stale = programmer.keys().filter((key) => !this.#claims.get(key));
    const works = stale.map((key) => ({ key, snapshot: undefined, entries: [{ key, wanted: undefined }] }));
    try {
      for (const part of parts(works)) {
        await nextTurn();
        if (this.#programmer !== programmer) return;
        this.#options.onEffects(programmer.program(part.flatMap(({ entries }) => entries)));
      }
      programmer.removeStrays();
    } catch (error) {
      this.#isSuspect ||= isKernelError(error, ...SUSPICIOUS);
      throw error;
    }
    this.#isSwept = true;
    this.#options.onWhole(programmer.entries());
  }
}

/** What everything else needs: the API server and DNS. */
const FIRST: ReadonlySet<string> = new Set(['default/kubernetes', 'kube-system/kube-dns']);

const firstThingsFirst = (services: ReadonlySet<string>): readonly string[] => [
  ...[...FIRST].filter((key) => services.has(key)),
  ...[...services].filter((key) => !FIRST.has(key)),
];

function* parts(works: Iterable<Work>): Generator<readonly Work[]> {
  let part: Work[] = [];
  let weight = 0;
  for (const work of works) {
    part.push(work);
    weight += work.entries.reduce((sum, { wanted }) => sum + weightOf(wanted), 0);
    if (weight < TRANSACTION_MAX) continue;
    yield part;
    part = [];
    weight = 0;
  }
  if (part.length > 0) yield part;
}

const weightOf = (entry: Entry | undefined): number =>
  entry?.action.kind === 'balance' ? 1 + entry.action.targets.length : 1;
