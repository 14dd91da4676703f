// One port of the node's localhost: takes TCP connections and makes one to an endpoint for each.
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Balance } from '../state.ts';
import { pickEndpoint } from './pick.ts';
import type { Bond } from './pick.ts';

export type RelayOptions = {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  readonly log: Log;
};

/** A port that a program of the node has is tried again. */
const RETRY_MS = 1000;

export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  #balance: Balance;
  #bond: Bond | undefined;
  #retry: Timer | undefined;

  constructor(options: RelayOptions, balance: Balance) {
    this.#options = options;
    this.#balance = balance;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#join(client));
    this.#server.on('error', (error) => this.#retryLater(error));
    this.#server.unref();
    this.#listen();
  }

  /** Where new connections go from now on. */
  set balance(balance: Balance) {
    this.#balance = balance;
  }

  /** Connections that are there go on. */
  close(): void {
    this.#retry?.cancel();
    this.#server.close();
  }

  #listen(): void {
    const { host, port } = this.#options;
    this.#server.listen({ host, port, exclusive: true });
  }

  #retryLater(error: Error): void {
    const { host, port, clock, log } = this.#options;
    if (!this.#retry) log.warn({ host, port, err: error }, 'node port not opened on localhost, will retry');
    this.#retry = clock.after(RETRY_MS, () => this.#listen());
  }

  #join(client: Socket): void {
    const now = { nowMs: this.#options.clock.now(), random: Math.random() };
    this.#bond = pickEndpoint(this.#balance, this.#bond, now);
    const [host, port] = this.#bond.at.split(' . ') as [string, string];
    const endpoint = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [
      [client, endpoint],
      [endpoint, client],
    ] as const) {
      from.pipe(to);
      from.once('error', () => to.resetAndDestroy());
    }
  }
}
