// Brings the kernel's host ports in line with what single pods ask for, and remembers what it has put there.
import { FAMILIES, formatAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import { openConntrack } from '../../kernel/conntrack.ts';
import { isKernelError } from '../../kernel/kernel-error.ts';
import type { Nft } from '../../kernel/nft.ts';
import type { Log } from '../../lang/log.ts';
import type { PortMapping } from '../../runtime/runtime.ts';
import { compileHostPorts } from './compile.ts';
import { afterDiff, diffHostPorts } from './diff.ts';
import type { HostPortDiff } from './diff.ts';
import { changeCommands, removeTableCommands, tableCommands } from './layout.ts';
import type { HostPortSite } from './layout.ts';
import { observeHostPorts } from './observe.ts';
import { selectHostPorts } from './select.ts';
import { toText } from './state.ts';
import type { HostPort, HostPorts } from './state.ts';
import { concernsFlows, staleFlows } from './stale-flows.ts';

export type HostPortOptions = HostPortSite & {
  readonly nft: Pick<Nft, 'run' | 'query' | 'tables'>;
  readonly log: Log;
};

/** Works in the network namespace of `nft`; the calling thread must be there too. */
export class HostPortTable {
  readonly #options: HostPortOptions;
  /** As in the kernel. */
  #ports: HostPorts = new Map();
  #hasTables = false;

  /** Takes up what an earlier agent left, but for what leads to no pod that is there. */
  constructor(options: HostPortOptions, podAddresses: readonly Address[]) {
    this.#options = options;
    const observed = this.#observe();
    if (!observed) return;
    const present = new Set(podAddresses.map(formatAddress));
    const kept = [...observed.values()].filter(({ address }) => present.has(address));
    if (kept.length > 0) this.#run(diffHostPorts(this.#ports, kept, new Set()));
    else options.nft.run(FAMILIES.map(removeTableCommands).join('\n'));
  }

  /** Leads these ports to the pod, and no others. If it throws, nothing has changed. */
  publish(podAddresses: readonly Address[], mappings: readonly PortMapping[]): void {
    this.#apply(podAddresses, compileHostPorts(selectHostPorts(mappings), podAddresses));
  }

  /** Idempotent. */
  withdraw(podAddresses: readonly Address[]): void {
    this.#apply(podAddresses, []);
  }

  /** Whether the kernel has what was written. */
  isAsWritten(): boolean {
    if (this.#ports.size === 0) return true;
    const observed = this.#observe();
    return observed !== undefined && toText(observed.values()) === toText(this.#ports.values());
  }

  /** Writes all anew. */
  rewrite(): void {
    this.#rewrite(this.#ports);
  }

  /** Undefined if there are no tables. */
  #observe(): HostPorts | undefined {
    try {
      return observeHostPorts(this.#options.nft);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the host port tables are of another make, replacing them');
      return new Map();
    }
  }

  #apply(podAddresses: readonly Address[], wanted: readonly HostPort[]): void {
    if (wanted.length === 0 && this.#ports.size === 0) return;
    this.#run(diffHostPorts(this.#ports, wanted, new Set(podAddresses.map(formatAddress))));
  }

  #run(diff: HostPortDiff): void {
    if (diff.changes.length === 0) return;
    const after = afterDiff(this.#ports, diff);
    if (this.#hasTables) this.#change(diff, after);
    else this.#rewrite(after);
    this.#ports = after;
    this.#forgetFlows(diff);
  }

  #change({ changes }: HostPortDiff, after: HostPorts): void {
    try {
      this.#options.nft.run(changeCommands(changes));
    } catch (error) {
      if (!isKernelError(error, 'ENOENT')) throw error;
      this.#options.log.warn({ err: error }, 'the host port tables are gone, making them again');
      this.#rewrite(after);
    }
  }

  #rewrite(after: HostPorts): void {
    const { changes } = diffHostPorts(new Map(), [...after.values()], new Set());
    const tables = FAMILIES.map((family) => tableCommands(family, this.#options));
    this.#options.nft.run([...tables, changeCommands(changes)].join('\n'));
    this.#hasTables = true;
  }

  /** A flow that stays stale harms its own client only. */
  #forgetFlows({ gone, fresh }: HostPortDiff): void {
    if (!concernsFlows([...gone, ...fresh])) return;
    const conntrack = openConntrack();
    try {
      for (const family of FAMILIES) conntrack.delete(staleFlows(conntrack.list(family), gone, fresh));
    } catch (error) {
      this.#options.log.warn({ err: error }, 'stale UDP connections not deleted');
    } finally {
      conntrack.close();
    }
  }
}
