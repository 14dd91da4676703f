// The node ports on the node's localhost. Packets cannot be translated there without route_localnet, which opens the
// localhost of a node to its neighbours (CVE-2020-8558) and does not exist for IPv6: see docs/decisions.
import type { Family } from '../../ip/address.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { Claims } from '../claims.ts';
import type { ProxySite } from '../compile.ts';
import type { ServiceSnapshot } from '../select.ts';
import { compileLocalhost } from './compile.ts';
import { Relay } from './relay.ts';

export type LocalhostPortsOptions = {
  /** None where localhost is not to have node ports. */
  readonly families: readonly Family[];
  readonly site: () => ProxySite;
  readonly clock: Clock;
  readonly log: Log;
};

export class LocalhostPorts {
  readonly #options: LocalhostPortsOptions;
  readonly #claims = new Claims();
  /** By entry. */
  readonly #relays = new Map<string, Relay>();

  constructor(options: LocalhostPortsOptions) {
    this.#options = options;
  }

  /** The Service as it is now, undefined if there is nothing of it for a proxy. A port without an endpoint is closed. */
  set(key: string, service: ServiceSnapshot | undefined): void {
    const { families, site } = this.#options;
    if (families.length === 0) return;
    const table = service ? compileLocalhost(service, site(), families) : [];
    const touched = this.#claims.set({ key, seniority: service?.seniority ?? '', table });
    for (const entry of touched) this.#align(entry);
  }

  close(): void {
    for (const relay of this.#relays.values()) relay.close();
    this.#relays.clear();
  }

  #align(key: string): void {
    const [entry, relay] = [this.#claims.get(key), this.#relays.get(key)];
    if (entry?.action.kind !== 'balance') {
      relay?.close();
      this.#relays.delete(key);
    } else if (relay) {
      relay.balance = entry.action;
    } else {
      const [, host, port] = entry.match.split(' . ') as [string, string, string];
      this.#relays.set(key, new Relay({ ...this.#options, host, port: Number(port) }, entry.action));
    }
  }
}
