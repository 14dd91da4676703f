// POST: a new object. Order of the steps: k8s.io/apiserver/pkg/registry/generic/registry/store.go, Create.
import { ApiError } from '../../k8s/api-error.ts';
import type { ObjectMeta } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Draft, Kind } from '../kind.ts';
import { generateName } from '../object-meta/name.ts';
import { metaBeforeCreate, metaForCreate } from '../object-meta/system-fields.ts';
import { validateMeta } from '../object-meta/validate.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { alreadyExists, generatedNameTaken, internal, invalid } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { askAdmission, askMutation } from './ask-admission.ts';
import { admissionContext, keyFor, tableOf } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { checkNamespaceTakesContent } from './namespace-lifecycle.ts';
import { entriesOf, setOwners, writtenBy } from './ownership.ts';
import type { Ownership } from './ownership.ts';
import { metaOf, placed, versionOf } from './request-object.ts';
import { save } from './save.ts';
import type { Verb } from './verb.ts';

// k8s.io/apiserver/pkg/registry/generic/registry: names are made up this often before the client is told to try again.
const NAME_ATTEMPTS = 8;

/** Throws the ApiError that kube-apiserver would answer with. */
export function* create(
  machinery: Machinery,
  kind: Kind,
  namespace: string | undefined,
  body: unknown,
  context: RequestContext,
): Verb<StoredObject> {
  const draft = decodeRequest(kind.resource, machinery.shape(kind), body, context);
  draft.metadata = { ...placed(kind, namespace, metaOf(draft)) };
  const ownership = writtenBy(machinery, kind, context);
  return yield* createDraft(machinery, kind, { draft, ownership }, context);
}

type NewObject = { readonly draft: Draft; readonly ownership: Ownership };

/** The same for an object that has been decoded and has its namespace. The draft is changed. */
export function* createDraft(
  machinery: Machinery,
  kind: Kind,
  { draft: sent, ownership }: NewObject,
  context: RequestContext,
): Verb<StoredObject> {
  const meta = metaOf(sent);
  if (versionOf(meta)) throw internal('resourceVersion should not be set on objects to be created');
  if (kind.resource.namespaced)
    checkNamespaceTakesContent(machinery, kind, meta.namespace ?? '', meta.name ?? '');
  sent.metadata = { ...metaBeforeCreate(meta) };
  kind.applyDefaults(sent);
  setOwners(sent, ownership({ before: undefined, after: sent, sent: meta.managedFields }));
  const draft = yield* mutated(machinery, kind, sent, context);
  const { name = '', namespace } = metaOf(draft);
  complete(machinery, kind, draft, context);
  yield* askAdmission(machinery, { operation: 'CREATE', kind, draft, before: undefined, name }, context);
  const key = keyFor(kind, { namespace, name: metaOf(draft).name! });
  return save(machinery, { kind, key, draft, before: undefined }, context, () =>
    checkFree(machinery, kind, key, metaOf(draft)),
  );
}

/** With what the server and webhooks add. What they set is nobody's. */
function* mutated(machinery: Machinery, kind: Kind, draft: Draft, context: RequestContext): Verb<Draft> {
  kind.admit?.(draft, admissionContext(machinery, context));
  const { name = '', namespace, managedFields } = metaOf(draft);
  const asked = { operation: 'CREATE', kind, draft, before: undefined, name } as const;
  const changed = (yield* askMutation(machinery, asked, context)) as Draft | undefined;
  if (!changed) return draft;
  const meta = placed(kind, namespace, metaOf(changed));
  changed.metadata = { ...metaBeforeCreate(meta), ...(managedFields && { managedFields }) };
  return changed;
}

const complete = (machinery: Machinery, kind: Kind, draft: Draft, context: RequestContext): void => {
  const admission = admissionContext(machinery, context);
  const meta = metaOf(draft);
  const name = !meta.name && meta.generateName ? freeName(machinery, kind, meta) : meta.name;
  draft.metadata = { ...metaForCreate(kind, { ...meta, name }, machinery.clock.now()) };
  setOwners(draft, entriesOf({ metadata: meta }));
  kind.prepareForCreate?.(draft, admission);
  const object = draft as KubeObject;
  const errors = [...validateMeta(kind, metaOf(draft)), ...kind.validate(object, admission)];
  if (errors.length > 0) throw invalid(kind.resource, metaOf(draft).name ?? '', errors);
  for (const warning of kind.warnings?.(object, undefined, admission) ?? []) context.warn(warning);
};

const freeName = (
  machinery: Machinery,
  kind: Kind,
  { generateName: prefix, namespace }: ObjectMeta,
): string => {
  const { objects } = tableOf(machinery, kind);
  for (let attempt = 1; ; attempt++) {
    const name = generateName(prefix!);
    if (attempt === NAME_ATTEMPTS || !objects.get(keyFor(kind, { namespace, name }))) return name;
  }
};

const checkFree = (
  machinery: Machinery,
  kind: Kind,
  key: string,
  { name, generateName }: ObjectMeta,
): void => {
  const present = tableOf(machinery, kind).objects.get(key);
  if (!present) return;
  if (generateName) throw generatedNameTaken(kind.resource, name!);
  const taken = alreadyExists(kind.resource, name!);
  if (!present.metadata.deletionTimestamp) throw taken;
  throw new ApiError({ ...taken.status, message: `object is being deleted: ${taken.message}` });
};
