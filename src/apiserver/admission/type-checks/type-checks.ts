// Writes into the status of each ValidatingAdmissionPolicy what of its expressions does not fit the kinds that it is about, as
// kube-controller-manager does (kubernetes pkg/controller/validatingadmissionpolicystatus).
import type { ValidatingAdmissionPolicy } from '../../../k8s/generated/types.ts';
import type { Stored } from '../../../k8s/objects.ts';
import { validatingAdmissionPolicies } from '../../../k8s/resources.ts';
import type { Draft, Kind } from '../../kind.ts';
import type { RequestContext, ServedKinds } from '../../registry.ts';
import type { StoredObject } from '../../store/change.ts';
import type { Selector } from '../../store/selector.ts';
import type { Machinery } from '../../verbs/machinery.ts';
import { tableOf } from '../../verbs/machinery.ts';
import { replaceUnchecked } from '../../verbs/replace.ts';
import { checkPolicy } from './check-policy.ts';
import { objectTypeOf } from './object-type.ts';

const EVERY: Selector = {
  id: 'policies to check',
  namespace: undefined,
  isFiltering: false,
  onlyKey: undefined,
  matches: () => true,
};

/** From now on; nothing if policies are not served. */
export const startTypeChecks = (machinery: Machinery, kinds: ServedKinds, context: RequestContext): void => {
  const kind = kinds.find(validatingAdmissionPolicies);
  if (!kind) return;
  const { store } = machinery;
  const table = tableOf(machinery, kind);
  const check = (name: string): void => {
    const before = table.objects.get(name) as StoredObject | undefined;
    if (before) writeStatus(machinery, { kind, kinds, before }, context);
  };
  store.watch(table, {
    sink: { event: (event) => 'object' in event && check(event.object.metadata.name) },
    selector: EVERY,
    wantsBookmarks: false,
    since: store.revision,
  });
  for (const name of table.objects.keys()) check(name);
};

type Subject = { readonly kind: Kind; readonly kinds: ServedKinds; readonly before: StoredObject };

/** Once for each generation. */
const writeStatus = (
  machinery: Machinery,
  { kind, kinds, before }: Subject,
  context: RequestContext,
): void => {
  const { metadata, spec, status } = before as Stored<ValidatingAdmissionPolicy>;
  const { generation } = metadata;
  if (status?.observedGeneration === generation || metadata.deletionTimestamp) return;
  const warnings = checkPolicy(spec ?? {}, kinds.all, (each) => objectTypeOf(each, machinery.shape));
  const typeChecking = warnings.length > 0 ? { expressionWarnings: warnings } : {};
  const draft = { ...(before as Draft), status: { ...status, observedGeneration: generation, typeChecking } };
  replaceUnchecked(machinery, { kind, draft, before }, context);
};
