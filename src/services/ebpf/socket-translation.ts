// Translates pods' sockets at connect() and its like, so that their packets never need translation. Follows what the
// nftables back end has programmed: whatever is not here, or not yet, is done there.
import { mkdirSync } from 'node:fs';
import { isKernelError } from '../../kernel/kernel-error.ts';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Effects, EntryChange } from '../apply.ts';
import type { Programmed } from '../diff.ts';
import { applyDiffs, closeServiceMaps, createMaps } from './apply.ts';
import type { Maps } from './apply.ts';
import { adoptMaps, attachAll, detachAll, probe } from './attach.ts';
import { ClientWatch } from './clients.ts';
import { translationOf } from './compile.ts';
import { diffTranslation } from './diff.ts';
import type { MapDiff } from './diff.ts';
import { capacityFor } from './layout.ts';
import { destroyStaleSockets } from './stale-sockets.ts';
import type { GoneEndpoint } from './stale-sockets.ts';
import type { Translation } from './state.ts';

/** Between an endpoint's end and that of the sockets that had it. */
const END_SOCKETS_MS = 100;

export class SocketTranslation {
  readonly #cgroup: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #clients: ClientWatch;
  #table = new Map<string, Translation>();
  #maps: Maps | undefined;
  #gone: GoneEndpoint[] = [];
  #timer: Timer | undefined;

  private constructor(cgroup: string, clock: Clock, log: Log) {
    this.#cgroup = cgroup;
    this.#clock = clock;
    this.#log = log;
    this.#clients = new ClientWatch(cgroup, clock, log);
  }

  /** For the processes in and below a cgroup's folder, which it makes. Throws where the kernel cannot. */
  static open(cgroup: string, clock: Clock, log: Log): SocketTranslation {
    mkdirSync(cgroup, { recursive: true });
    probe(cgroup);
    return new SocketTranslation(cgroup, clock, log);
  }

  /** Takes away what an agent that translated sockets left on the cgroup. */
  static remove(cgroup: string): void {
    detachAll(cgroup);
  }

  /** Begins, or begins anew, with all entries that there are. */
  begin(entries: Iterable<Programmed>): void {
    this.#table = new Map(
      [...entries].flatMap((entry) => {
        const translation = translationOf(entry);
        return translation ? [[translation.match, translation]] : [];
      }),
    );
    this.#rebuild();
  }

  /** After each change of the tables; `gone` are the endpoints whose UDP flows are stale. */
  follow({ changes, gone }: Pick<Effects, 'changes' | 'gone'>): void {
    if (!this.#maps) return;
    const diffs = changes.filter(isOfServices).map((change) => this.#take(change));
    try {
      applyDiffs(this.#maps, diffs);
      this.#endSockets(gone);
      if (diffs.some(hasAffinity)) this.#clients.start(this.#maps);
    } catch (error) {
      if (!isKernelError(error, 'E2BIG')) this.#log.warn({ err: error }, 'making the socket maps anew');
      this.#rebuild();
    }
  }

  /** What is attached stays and works. */
  close(): void {
    this.#timer?.cancel();
    this.#clients.stop();
    if (!this.#maps) return;
    for (const map of Object.values(this.#maps)) map.close();
    this.#maps = undefined;
  }

  #take({ before: was, after: is }: EntryChange): MapDiff {
    const { match } = (is ?? was)!;
    const before = this.#table.get(match);
    const after = is && translationOf(is);
    if (after) this.#table.set(match, after);
    else this.#table.delete(match);
    return diffTranslation(before, after);
  }

  /** Soon, and all that are to end by then together: it means a look into every pod. */
  #endSockets(endpoints: Effects['gone']): void {
    const ofServices = endpoints.filter(
      ({ entry: { map, match } }) => map === 'services' && match.startsWith('udp'),
    );
    this.#gone.push(...ofServices.map(({ entry, slot }) => ({ match: entry.match, at: slot.at })));
    if (this.#gone.length === 0) return;
    this.#timer ??= this.#clock.after(END_SOCKETS_MS, () => {
      this.#timer = undefined;
      const gone = this.#gone.splice(0).filter((each) => !this.#isThere(each));
      try {
        if (this.#maps) destroyStaleSockets(this.#cgroup, this.#maps.fronts, gone);
      } catch (error) {
        this.#log.warn({ err: error }, 'UDP sockets of removed endpoints not ended');
      }
    });
  }

  /** An endpoint may have come back, and sockets with it. */
  #isThere({ match, at }: GoneEndpoint): boolean {
    return this.#table.get(match)?.endpoints.some((endpoint) => endpoint.at === at) ?? false;
  }

  /** New maps, and programs that use them in the place of the old: no call sees half of it. */
  #rebuild(): void {
    const old = this.#maps;
    const translations = [...this.#table.values()];
    const endpoints = translations.reduce((sum, each) => sum + each.endpoints.length, 0);
    try {
      const maps = createMaps(
        capacityFor({ services: translations.length, endpoints }),
        old ?? adoptMaps(this.#cgroup),
      );
      applyDiffs(
        maps,
        translations.map((each) => diffTranslation(undefined, each)),
      );
      attachAll(this.#cgroup, maps);
      this.#maps = maps;
      if (translations.some(({ stickySeconds }) => stickySeconds !== undefined)) this.#clients.start(maps);
    } catch (error) {
      this.#giveUp(error);
    }
    if (old) closeServiceMaps(old);
  }

  /** Until it is to begin anew. Maps that nobody writes would lead to endpoints that are gone. */
  #giveUp(error: unknown): void {
    this.#log.error({ err: error }, 'sockets are not translated, packets are');
    this.#maps = undefined;
    this.#clients.stop();
    try {
      detachAll(this.#cgroup);
    } catch (again) {
      this.#log.error({ err: again }, 'socket programs not detached');
    }
  }
}

const hasAffinity = ({ updates }: MapDiff): boolean => updates.some(({ map }) => map === 'members');

/** Clients from outside have other entries with the same address and port. */
const isOfServices = ({ before, after }: EntryChange): boolean => (after ?? before)?.map === 'services';
