// Keeps an APIService for each group version that is served: of the server's own kinds and of custom resources.
import type { APIService } from '../../k8s/generated/types.ts';
import { apiServices } from '../../k8s/resources.ts';
import type { KindTable } from '../kind-table.ts';
import type { Draft, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { create } from '../verbs/create.ts';
import { lookUp, tableOf } from '../verbs/machinery.ts';
import type { Machinery } from '../verbs/machinery.ts';
import { discard } from '../verbs/save.ts';
import { runAtOnce } from '../verbs/verb.ts';
import { MANAGED, compileApiServices } from './compile.ts';

/** The kinds of these are answered and not stored. */
const REVIEWS = ['authentication.k8s.io', 'authorization.k8s.io'].map((group) => ({ group, version: 'v1' }));

/** From now on; nothing if the kind APIService is not served. */
export const startApiServices = (machinery: Machinery, kinds: KindTable, context: RequestContext): void => {
  const kind = kinds.find(apiServices);
  if (!kind) return;
  const sync = (): void => syncApiServices(machinery, { kind, kinds }, context);
  kinds.onChange(sync);
  sync();
};

type Served = { readonly kind: Kind; readonly kinds: KindTable };

const syncApiServices = (machinery: Machinery, { kind, kinds }: Served, context: RequestContext): void => {
  const wanted = new Map(compileApiServices(kinds.all, REVIEWS).map((each) => [each.metadata!.name!, each]));
  for (const [name, object] of wanted)
    if (!lookUp(machinery, kind, name))
      runAtOnce(create(machinery, kind, undefined, object as Draft, context));
  for (const name of tableOf(machinery, kind).objects.keys()) {
    const before = lookUp(machinery, kind, name)!;
    const isOurs = (before as APIService).metadata?.labels?.[MANAGED] !== undefined;
    if (isOurs && !wanted.has(name)) discard(machinery, kind, { key: name, before }, context);
  }
};
