// Finds servers that send our questions back to us, as CoreDNS' plugin `loop` does: by a question that nobody else asks.
// It goes out with the first question for a zone, once for each server.
import { randomBytes } from 'node:crypto';
import { TYPE } from '../../wire/dns/constants.ts';
import type { Log } from '../../lang/log.ts';
import { queryFor } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { Upstream } from './forward-zone.ts';
import type { UpstreamGroup } from './upstream-group.ts';

const SUFFIX = '.loop-probe.podnet';

export class LoopProbe {
  readonly #exchange: Exchange;
  readonly #log: Log;
  readonly #probed = new WeakSet<UpstreamGroup>();
  readonly #upstreamByName = new Map<
    string,
    { readonly group: UpstreamGroup; readonly upstream: Upstream }
  >();

  constructor(exchange: Exchange, log: Log) {
    this.#exchange = exchange;
    this.#log = log;
  }

  /** Asks each server of the group, the first time only. */
  probe(group: UpstreamGroup): void {
    if (this.#probed.has(group)) return;
    this.#probed.add(group);
    for (const upstream of group.upstreams) void this.#probeOne(group, upstream);
  }

  /** Whether this is a probe that came back: its server is not asked again. `name` in lower case. */
  isBack(name: string): boolean {
    const found = name.endsWith(SUFFIX) ? this.#upstreamByName.get(name) : undefined;
    if (!found) return false;
    found.group.exclude(found.upstream);
    const { address } = found.upstream;
    this.#log.error(
      { upstream: address },
      'upstream sends questions back to this server, not asked any more',
    );
    return true;
  }

  async #probeOne(group: UpstreamGroup, upstream: Upstream): Promise<void> {
    const name = randomBytes(12).toString('hex') + SUFFIX;
    this.#upstreamByName.set(name, { group, upstream });
    const question = { name, type: TYPE.HINFO, class: 1 };
    try {
      await this.#exchange(upstream, queryFor(question, { dnssecOk: false, checkingDisabled: false }));
    } catch {
      // a server that does not answer is found out by the questions that are not answered
    } finally {
      this.#upstreamByName.delete(name);
    }
  }
}
