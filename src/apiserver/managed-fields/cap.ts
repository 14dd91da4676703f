// No more than ten managers that update: the oldest are put together, so that programs with ever new names do not make an
// object grow. Source: k8s.io/apimachinery/pkg/util/managedfields/internal/capmanagers.go.
import { union } from './field-set.ts';
import { withFields } from './managers.ts';
import type { Entry } from './managers.ts';

const UPDATERS_MAX = 10;
const ANCIENT = 'ancient-changes';

/** Merges the oldest updaters of each version, oldest first, until there are no more than ten. */
export const capUpdaters = (entries: readonly Entry[]): readonly Entry[] => {
  const updaters = entries.filter(({ operation }) => operation === 'Update').sort(byAge);
  if (updaters.length <= UPDATERS_MAX) return entries;
  const [kept, bucketByVersion] = [new Set(entries), new Map<string, Entry>()];
  for (const updater of updaters) {
    if (kept.size - (entries.length - updaters.length) <= UPDATERS_MAX) break;
    const bucket = bucketByVersion.get(updater.apiVersion);
    const merged = bucket ? ancient(bucket, updater) : updater;
    if (bucket) {
      kept.delete(bucket);
      kept.delete(updater);
      kept.add(merged);
    }
    bucketByVersion.set(updater.apiVersion, merged);
  }
  return [...kept];
};

// The later time is that of the younger one.
const ancient = (bucket: Entry, { apiVersion, time, fieldsV1 }: Entry): Entry => ({
  ...withFields(bucket, union(bucket.fieldsV1, fieldsV1)),
  manager: ANCIENT,
  apiVersion,
  time,
  subresource: undefined,
});

const byAge = (a: Entry, b: Entry): number => {
  const [first, second] = [a.time ?? '', b.time ?? ''];
  if (first !== second) return first < second ? -1 : 1;
  return a.manager < b.manager ? -1 : 1;
};
