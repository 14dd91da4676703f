// One HTTP server for each Service whose load balancer asks for this node's endpoints.
import type { Log } from '../../lang/log.ts';
import { healthCheckAnswer } from './health-check.ts';
import type { HealthCheck } from './health-check.ts';
import { listenHttp } from './http-listener.ts';
import type { HttpListener } from './http-listener.ts';

export type HealthChecksOptions = {
  readonly addresses: readonly string[];
  readonly isProxyHealthy: () => boolean;
  readonly log: Log;
};

type Opened = { readonly port: number; readonly listener: HttpListener };

export class HealthChecks {
  readonly #options: HealthChecksOptions;
  readonly #wanted = new Map<string, HealthCheck>();
  readonly #opened = new Map<string, Opened>();
  #work = Promise.resolve();

  constructor(options: HealthChecksOptions) {
    this.#options = options;
  }

  /** What is asked for this Service from now on; the next question is answered with it. */
  set(service: string, check: HealthCheck | undefined): void {
    if (check) this.#wanted.set(service, check);
    else this.#wanted.delete(service);
    if (this.#opened.get(service)?.port === check?.port) return;
    // one after the other: a port may go from one Service to another
    this.#work = this.#work.then(() => this.#align(service));
  }

  async close(): Promise<void> {
    for (const service of this.#wanted.keys()) this.set(service, undefined);
    await this.#work;
  }

  async #align(service: string): Promise<void> {
    const opened = this.#opened.get(service);
    const port = this.#wanted.get(service)?.port;
    if (opened?.port === port) return;
    await opened?.listener.close();
    this.#opened.delete(service);
    if (port !== undefined) await this.#open(service, port);
  }

  /** A port that is taken is tried again with the Service's next change. */
  async #open(service: string, port: number): Promise<void> {
    const { addresses, log } = this.#options;
    try {
      const listener = await listenHttp(addresses, port, () => this.#answer(service));
      this.#opened.set(service, { port, listener });
    } catch (error) {
      log.warn({ service, port, err: error }, 'health check node port not opened');
    }
  }

  #answer(service: string): ReturnType<typeof healthCheckAnswer> | undefined {
    const check = this.#wanted.get(service);
    return check && healthCheckAnswer(check, this.#options.isProxyHealthy());
  }
}
