// A manifest often holds a namespace and the pods for it, and kubectl sends one right after the other: the controller that
// gives each namespace its ServiceAccount has had no time. kube-apiserver looks again for about a second and a half
// (kubernetes plugin/pkg/admission/serviceaccount: ten times, 100 to 200 ms apart); here the writer hears of it at once.
import { keyOf } from '../../k8s/objects.ts';
import { namespaces } from '../../k8s/resources.ts';
import type { Draft, Kind, Reference } from '../kind.ts';
import type { Selector } from '../store/selector.ts';
import type { Machinery } from './machinery.ts';

const PATIENCE_MS = 1500;

/** What a new object cannot be without, if that may yet come; undefined if there is nothing to wait for. */
export const missingNeed = (
  { store }: Machinery,
  kind: Kind,
  namespace: string | undefined,
  draft: Draft,
): Reference | undefined => {
  const home = namespace || String(draft.metadata?.['namespace'] ?? '');
  const need = store.table(namespaces).objects.get(home) && kind.awaits?.(draft, home);
  return need && !store.table(need.resource).objects.get(need.key) ? need : undefined;
};

/** Resolves when the object is there, or when patience ends: the write that follows says what is missing. */
export const arrival = ({ store, clock }: Machinery, { resource, key }: Reference): Promise<void> =>
  new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel();
      stop();
      resolve();
    };
    const timer = clock.after(PATIENCE_MS, finish);
    const stop = store.watch(store.table(resource), {
      sink: { event: finish },
      selector: onlyKey(key),
      wantsBookmarks: false,
      since: store.revision,
    });
  });

const onlyKey = (key: string): Selector => ({
  id: `arrival of ${key}`,
  namespace: undefined,
  isFiltering: true,
  onlyKey: key,
  matches: ({ metadata }) => keyOf({ metadata }) === key,
});
