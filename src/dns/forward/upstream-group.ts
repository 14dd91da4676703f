// The servers of one zone: which are well, and in which order they are asked.
import { RCODE, TYPE } from '../../wire/dns/constants.ts';
import type { Message } from '../../wire/dns/message.ts';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { rcodeName } from '../tally.ts';
import { askedServers, brokenHealthChecks, failedHealthChecks } from '../metrics.ts';
import { queryFor } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { ForwardZone, Upstream } from './forward-zone.ts';

export type UpstreamGroupOptions = {
  readonly zone: ForwardZone;
  readonly exchange: Exchange;
  /** 0 or more, below 1. */
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Log;
};

type Server = {
  readonly upstream: Upstream;
  readonly label: string;
  failures: number;
  probe: Timer | undefined;
  /** It sends our own questions back to us. */
  isLoop: boolean;
};

/** Clients wait five seconds (resolv.conf(5)): an answer must be there before. */
const PATIENCE_MS = 4_000;
/** A server that is not well is asked for the root's servers so often. */
const PROBE_MS = 500;
const PROBE_QUESTION = { name: '', type: TYPE.NS, class: 1 };

export class UpstreamGroup {
  readonly #options: UpstreamGroupOptions;
  readonly #servers: readonly Server[];
  #turn = 0;
  #isStopped = false;

  constructor(options: UpstreamGroupOptions) {
    this.#options = options;
    this.#servers = options.zone.upstreams.map((upstream) => ({
      upstream,
      label: `${upstream.address}:${upstream.port}`,
      failures: 0,
      probe: undefined,
      isLoop: false,
    }));
  }

  get upstreams(): readonly Upstream[] {
    return this.#servers.filter(({ isLoop }) => !isLoop).map(({ upstream }) => upstream);
  }

  /** The first answer that is one. Undefined: nobody answered. SERVFAIL and REFUSED count if there is no better one. */
  async ask(query: Message): Promise<Message | undefined> {
    const { clock } = this.#options;
    const untilMs = clock.now() + PATIENCE_MS;
    let last: Message | undefined;
    for (const server of this.#inOrder()) {
      if (clock.now() >= untilMs) break;
      const answer = await this.#askOne(server, query);
      if (answer && !isDisowned(answer)) return answer;
      last = answer ?? last;
    }
    return last;
  }

  /** It sends our questions back: never again. */
  exclude(upstream: Upstream): void {
    for (const server of this.#servers) if (server.upstream === upstream) server.isLoop = true;
  }

  stop(): void {
    this.#isStopped = true;
    for (const { probe } of this.#servers) probe?.cancel();
  }

  async #askOne(server: Server, query: Message): Promise<Message | undefined> {
    const { exchange, clock, log } = this.#options;
    const startMs = clock.now();
    try {
      const answer = await exchange(server.upstream, query);
      askedServers.observe((clock.now() - startMs) / 1000, server.label, rcodeName(answer.flags.rcode));
      server.failures = 0;
      return answer;
    } catch (error) {
      log.debug({ upstream: server.label, err: error }, 'upstream does not answer');
      this.#failed(server);
      return undefined;
    }
  }

  #failed(server: Server): void {
    const { zone, log } = this.#options;
    server.failures++;
    if (zone.maxFails === 0 || server.failures < zone.maxFails || server.probe) return;
    log.warn(
      { upstream: server.label, zone: zone.zone || '.' },
      'upstream does not answer, not asked until it does',
    );
    this.#probeLater(server);
  }

  #probeLater(server: Server): void {
    if (this.#isStopped) return;
    server.probe = this.#options.clock.after(PROBE_MS, () => void this.#probe(server));
  }

  /** Any answer will do. */
  async #probe(server: Server): Promise<void> {
    const query = queryFor(PROBE_QUESTION, { dnssecOk: false, checkingDisabled: false });
    try {
      await this.#options.exchange(server.upstream, query);
      server.probe = undefined;
      server.failures = 0;
    } catch {
      failedHealthChecks.inc(1, server.label);
      this.#probeLater(server);
    }
  }

  /** Those that are well, by the policy; all of them if none is. */
  #inOrder(): readonly Server[] {
    const usable = this.#servers.filter(({ isLoop }) => !isLoop);
    const well = usable.filter(({ probe }) => !probe);
    if (well.length === 0 && usable.length > 0) brokenHealthChecks.inc(1);
    return this.#turned(well.length > 0 ? well : usable);
  }

  #turned(servers: readonly Server[]): readonly Server[] {
    const { zone, random } = this.#options;
    if (zone.policy === 'sequential' || servers.length < 2) return servers;
    const first =
      zone.policy === 'random' ? Math.floor(random() * servers.length) : this.#turn++ % servers.length;
    return [...servers.slice(first), ...servers.slice(0, first)];
  }
}

/** An answer of a server that cannot or will not say. */
const isDisowned = ({ flags }: Message): boolean =>
  flags.rcode === RCODE.SERVFAIL || flags.rcode === RCODE.REFUSED;
