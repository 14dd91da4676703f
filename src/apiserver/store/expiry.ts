// Objects that end by themselves: kube-apiserver keeps Events for an hour (--event-ttl), as leases in etcd.
import type { Clock } from '../../lang/clock.ts';
import type { Kind } from '../kind.ts';
import type { Store } from './store.ts';

const SWEEP_INTERVAL_MS = 60_000;

/** Looks once a minute for what has outlived its time, and removes it. */
export const startExpiry = (store: Store, kinds: readonly Kind[], clock: Clock): void => {
  const mortal = kinds.filter((kind) => kind.expiresMs);
  if (mortal.length === 0) return;
  clock.after(SWEEP_INTERVAL_MS, () => {
    for (const kind of mortal) sweep(store, kind, clock.now());
    startExpiry(store, mortal, clock);
  });
};

const sweep = (store: Store, { resource, expiresMs }: Kind, nowMs: number): void => {
  const table = store.table(resource);
  for (const key of table.objects.keys())
    if (expiresMs!(table.objects.get(key)!) <= nowMs) store.remove(table, key);
};
