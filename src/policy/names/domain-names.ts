// The names that rules have for peers, and the addresses that the cluster DNS of this node gave for them: in the kernel
// before an answer leaves, out of it when their time is over. Who asks another server, or keeps an answer for longer than
// it may, is not helped.
//
//   DNS ── learn ─► compiler.resolve ─► flush, one transaction ─► the answer leaves
//   clock ────────► compiler.expire  ─► flush
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { PolicyCompiler } from '../compile/policy-compiler.ts';
import { namesFor } from './names-for.ts';

export type DomainNamesOptions = {
  readonly compiler: Pick<PolicyCompiler, 'resolve' | 'expire' | 'domainNames'>;
  /** Has what the compiler knows in the kernel when it returns. */
  readonly flush: () => void;
  readonly clock: Clock;
  readonly log: Log;
};

export type ToldAddress = { readonly address: string; readonly ttlSeconds: number };

/** The first three are for DNS. */
export type DomainNames = {
  /** `name` in lower case. */
  readonly isWatched: (name: string) => boolean;
  /** New connections to the addresses are in order when it returns. Never throws. */
  readonly learn: (name: string, addresses: readonly ToldAddress[]) => void;
  /** Hears when rules have other names than before. */
  readonly subscribe: (listener: () => void) => () => void;
  /** The compiler has worked out what is new: rules may have other names. */
  readonly refresh: () => void;
  /**
   * By the names of rules, all that DNS has told of them, also what is over by now: connections that were made then go on
   * (NPEP-133).
   */
  readonly told: () => ReadonlyMap<string, ReadonlySet<string>>;
  readonly stop: () => void;
};

/** An answer takes its time to whoever asked, and what lives for no second is for one connection (RFC 1035 3.2.1). */
const GRACE_MS = 2_000;
/** RFC 8767 4: nobody means more than that. */
const TTL_SECONDS_MAX = 7 * 24 * 3600;
/** The kernel's own time for an address ends later, so that it never ends before that of the address's other names. */
const SPARE_MS = 1_000;
/** A flush for each of many addresses that end one after the other would be too many. */
const EXPIRY_GAP_MS = 250;
/** Of one name of a rule; of more the ones that were told of last are remembered. */
const ADDRESSES_MAX = 10_000;

export const createDomainNames = ({ compiler, flush, clock, log }: DomainNamesOptions): DomainNames => {
  let names: ReadonlySet<string> = new Set();
  /** Name -> address -> until when, the one that was told of last at the end. */
  const untilByName = new Map<string, Map<string, number>>();
  const listeners = new Set<() => void>();
  let timer: (Timer & { readonly dueMs: number }) | undefined;

  const write = (): void => {
    try {
      flush();
    } catch (error) {
      log.warn({ err: error }, 'addresses of domain names not programmed');
    }
  };

  /** False if it is known for as long already, but for the fraction of a second that answers leave out. */
  const note = (name: string, address: string, untilMs: number): boolean => {
    const untils = untilByName.get(name) ?? new Map<string, number>();
    if ((untils.get(address) ?? 0) > untilMs - 1_000) return false;
    untils.delete(address);
    untils.set(address, untilMs);
    if (untils.size > ADDRESSES_MAX) untils.delete(untils.keys().next().value!);
    untilByName.set(name, untils);
    compiler.resolve(name, address, untilMs + SPARE_MS);
    return true;
  };

  const expireAt = (dueMs: number): void => {
    if (timer && timer.dueMs <= dueMs) return;
    timer?.cancel();
    timer = { dueMs, ...clock.after(Math.max(dueMs - clock.now(), EXPIRY_GAP_MS), expire) };
  };

  const expire = (): void => {
    timer = undefined;
    const nowMs = clock.now();
    compiler.expire(nowMs + SPARE_MS);
    write();
    const later = [...untilByName.values()].flatMap((untils) =>
      [...untils.values()].filter((untilMs) => untilMs > nowMs),
    );
    if (later.length > 0) expireAt(later.reduce((a, b) => Math.min(a, b)));
  };

  return {
    isWatched: (name) => namesFor(name, names).length > 0,
    learn: (name, addresses) => {
      const nowMs = clock.now();
      let first = Infinity;
      for (const watched of namesFor(name, names))
        for (const { address, ttlSeconds } of addresses) {
          const untilMs = nowMs + Math.min(ttlSeconds, TTL_SECONDS_MAX) * 1_000 + GRACE_MS;
          if (note(watched, address, untilMs)) first = Math.min(first, untilMs);
        }
      if (first === Infinity) return;
      write();
      expireAt(first);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    refresh: () => {
      const now = new Set(compiler.domainNames());
      if (now.size === names.size && now.isSubsetOf(names)) return;
      names = now;
      for (const name of untilByName.keys()) if (!names.has(name)) untilByName.delete(name);
      for (const listener of listeners) listener();
    },
    told: () => new Map([...untilByName].map(([name, untils]) => [name, new Set(untils.keys())])),
    stop: () => {
      timer?.cancel();
      listeners.clear();
    },
  };
};
