// Objects that end by themselves: kube-apiserver keeps Events for an hour (--event-ttl), as leases in etcd.
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Kind } from '../kind.ts';
import type { Store } from './store.ts';

const SWEEP_INTERVAL_MS = 60_000;

type ExpiryOptions = { readonly kinds: readonly Kind[]; readonly clock: Clock; readonly log: Log };

/** Looks once a minute for what has outlived its time, and removes it. */
export const startExpiry = (store: Store, { kinds, clock, log }: ExpiryOptions): void => {
  const mortal = kinds.filter((kind) => kind.expiresMs);
  if (mortal.length === 0) return;
  clock.after(SWEEP_INTERVAL_MS, () => {
    for (const kind of mortal) sweepOrSay(store, kind, clock.now(), log);
    startExpiry(store, { kinds: mortal, clock, log });
  });
};

/** A disk that takes no removals now may do so in a minute. */
const sweepOrSay = (store: Store, kind: Kind, nowMs: number, log: Log): void => {
  try {
    sweep(store, kind, nowMs);
  } catch (error) {
    log.warn({ err: error, resource: kind.resource.resource }, 'could not remove what has expired');
  }
};

const sweep = (store: Store, { resource, expiresMs }: Kind, nowMs: number): void => {
  const table = store.table(resource);
  for (const key of table.objects.keys())
    if (expiresMs!(table.objects.get(key)!) <= nowMs) store.remove(table, key);
};
