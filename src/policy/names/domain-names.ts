// The names that rules have for peers, and the addresses that the cluster DNS of this node gave for them: in the kernel
// before an answer leaves, out of it when their time is over. Who asks another server, or keeps an answer for longer than
// it may, is not helped.
//
//   DNS ── learn ─► compiler.resolve ─► flush, one transaction ─► the answer leaves
//   clock ────────► compiler.expire  ─► flush
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { PolicyCompiler } from '../compile/policy-compiler.ts';
import type { NamesFile } from './names-file.ts';
import { namesFor } from './names-for.ts';
import { ToldNames } from './told-names.ts';

export type DomainNamesOptions = {
  readonly compiler: Pick<PolicyCompiler, 'resolve' | 'expire' | 'domainNames'>;
  /** Has what the compiler knows in the kernel when it returns. */
  readonly flush: () => void;
  /** For the agent that comes after this one. */
  readonly file?: NamesFile | undefined;
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
  /** Takes up what the agent before this one has learned; to be called before the first flush. */
  readonly restore: () => void;
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

export const createDomainNames = (options: DomainNamesOptions): DomainNames => {
  const { compiler, file, clock } = options;
  const told = new ToldNames();
  const listeners = new Set<() => void>();
  let names: ReadonlySet<string> = new Set();
  let expiry: (Timer & { readonly dueMs: number }) | undefined;

  const write = (): void => flushOrWarn(options);

  /** False if that is no news. */
  const note = (name: string, address: string, untilMs: number): boolean => {
    if (!told.note(name, address, untilMs)) return false;
    if (untilMs > clock.now()) compiler.resolve(name, address, untilMs + SPARE_MS);
    return true;
  };

  const expireAt = (dueMs: number): void => {
    if (dueMs === Infinity || (expiry && expiry.dueMs <= dueMs)) return;
    expiry?.cancel();
    expiry = { dueMs, ...clock.after(Math.max(dueMs - clock.now(), EXPIRY_GAP_MS), expire) };
  };
  const expire = (): void => {
    expiry = undefined;
    compiler.expire(clock.now() + SPARE_MS);
    write();
    expireAt(told.nextEnd(clock.now()));
  };

  return {
    isWatched: (name) => namesFor(name, names).length > 0,
    learn: (name, addresses) => {
      const news = namesFor(name, names).flatMap((watched) =>
        addresses
          .map(({ address, ttlSeconds }) => ({ address, untilMs: untilOf(ttlSeconds, clock) }))
          .filter(({ address, untilMs }) => note(watched, address, untilMs)),
      );
      if (news.length === 0) return;
      write();
      expireAt(news.reduce((first, { untilMs }) => Math.min(first, untilMs), Infinity));
      file?.write(told.untils);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    restore: () => {
      for (const [name, untils] of file?.read() ?? [])
        for (const [address, untilMs] of untils) note(name, address, untilMs);
      expireAt(told.nextEnd(clock.now()));
    },
    refresh: () => {
      const now = new Set(compiler.domainNames());
      if (now.size === names.size && now.isSubsetOf(names)) return;
      names = now;
      told.keepOnly(names);
      for (const listener of listeners) listener();
      file?.write(told.untils);
    },
    told: () => new Map([...told.untils].map(([name, untils]) => [name, new Set(untils.keys())])),
    stop: () => {
      expiry?.cancel();
      file?.close();
      listeners.clear();
    },
  };
};

const untilOf = (ttlSeconds: number, clock: Clock): number =>
  clock.now() + Math.min(ttlSeconds, TTL_SECONDS_MAX) * 1_000 + GRACE_MS;

const flushOrWarn = ({ flush, log }: DomainNamesOptions): void => {
  try {
    flush();
  } catch (error) {
    log.warn({ err: error }, 'addresses of domain names not programmed');
  }
};
