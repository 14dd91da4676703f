// An object's new state in place of the one that is there: what updates, patches, scaling and binding end in.
// Order of the steps: k8s.io/apiserver/pkg/registry/generic/registry/store.go, Update, and pkg/registry/rest/update.go.
import type { Scale } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { cloneJson } from '../../lang/json.ts';
import { withValueAt } from '../../lang/nested.ts';
import type { Draft, Kind } from '../kind.ts';
import { metaForStatusUpdate, metaForUpdate, nextGeneration } from '../object-meta/system-fields.ts';
import { validateMeta, validateMetaUpdate } from '../object-meta/validate.ts';
import type { RequestContext } from '../registry.ts';
import { conflict, invalid } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { askAdmission, askMutation, updateThrough } from './ask-admission.ts';
import { isFinished } from './deletion.ts';
import { admissionContext, keyFor } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { entriesOf, setOwners } from './ownership.ts';
import type { Ownership } from './ownership.ts';
import { checkRef, metaOf, versionOf } from './request-object.ts';
import { discard, save } from './save.ts';
import { scalePaths } from './scale-view.ts';
import type { Verb } from './verb.ts';

/** The draft's metadata names the uid and the resourceVersion that it was made from, if it depends on them. */
export type Replacement = { readonly kind: Kind; readonly draft: Draft; readonly before: StoredObject };

/** A change that a client made: who owns what after it. */
export type OwnedReplacement = Replacement & {
  readonly ownership: Ownership;
  /** The one that was written, if it was one. */
  readonly subresource?: string | undefined;
};

/** What a client wants the object to be, its status aside. The draft is changed. Throws Conflict or Invalid. */
export function* replace(
  machinery: Machinery,
  { kind, draft: sent, before, ownership, subresource }: OwnedReplacement,
  context: RequestContext,
): Verb<StoredObject> {
  checkPreconditions(kind, sent, before);
  const { managedFields } = metaOf(sent);
  keepSystemFields(kind, sent, before);
  kind.applyDefaults(sent);
  setOwners(sent, ownership({ before, after: sent, sent: managedFields }));
  const draft = yield* mutated(machinery, { kind, draft: sent, before, subresource }, context);
  complete(machinery, { kind, draft, before }, context);
  const through = updateThrough(kind, subresource, { draft, before });
  yield* askAdmission(machinery, { operation: 'UPDATE', kind, draft, before, through }, context);
  return settle(machinery, { kind, draft, before }, context);
}

type Mutated = Replacement & Pick<OwnedReplacement, 'subresource'>;

/** As webhooks want it. What they set is nobody's. */
function* mutated(
  machinery: Machinery,
  { kind, draft, before, subresource }: Mutated,
  context: RequestContext,
): Verb<Draft> {
  const through = updateThrough(kind, subresource, { draft, before });
  const asked = { operation: 'UPDATE', kind, draft, before, through } as const;
  const changed = (yield* askMutation(machinery, asked, context)) as Draft | undefined;
  if (!changed) return draft;
  if (subresource === 'scale')
    return withValueAt(draft, scalePaths(kind).spec, (changed as Scale).spec?.replicas ?? 0);
  checkRef(kind, changed, before.metadata);
  keepSystemFields(kind, changed, before);
  setOwners(changed, entriesOf(draft as KubeObject));
  return changed;
}

// What an update through this endpoint cannot change.
const keepSystemFields = (kind: Kind, draft: Draft, before: StoredObject): void => {
  draft.metadata = { ...metaForUpdate(metaOf(draft), before.metadata) };
  if (kind.subresources.includes('status')) keepStatus(draft, before as Draft);
};

/** Throws Invalid. */
const complete = (
  machinery: Machinery,
  { kind, draft, before }: Replacement,
  context: RequestContext,
): void => {
  const admission = admissionContext(machinery, context);
  kind.prepareForUpdate?.(draft, before as KubeObject, admission);
  setGeneration(kind, draft, before as Draft);
  const object = draft as KubeObject;
  const errors = [
    ...validateMeta(kind, metaOf(draft)),
    ...validateMetaUpdate(metaOf(draft), before.metadata),
    ...kind.validate(object, admission, before as KubeObject),
    ...(kind.validateUpdate?.(object, before as KubeObject, admission) ?? []),
  ];
  if (errors.length > 0) throw invalid(kind.resource, before.metadata.name, errors);
  for (const warning of kind.warnings?.(object, before as KubeObject, admission) ?? []) context.warn(warning);
};

/** A change that the server itself made and that needs no validation: binding, finalizing. Throws Conflict. */
export const replaceUnchecked = (
  machinery: Machinery,
  { kind, draft, before }: Replacement,
  context: RequestContext,
): StoredObject => {
  checkPreconditions(kind, draft, before);
  draft.metadata = { ...metaForUpdate(metaOf(draft), before.metadata) };
  setGeneration(kind, draft, before as Draft);
  return settle(machinery, { kind, draft, before }, context);
};

/** Only the status of the draft counts, and its labels and annotations. */
export function* replaceStatus(
  machinery: Machinery,
  { kind, draft, before, ownership }: OwnedReplacement,
  context: RequestContext,
): Verb<StoredObject> {
  checkPreconditions(kind, draft, before);
  kind.applyDefaults(draft);
  const sent = withStatus(kind, draft, before);
  setOwners(sent, ownership({ before, after: sent, sent: undefined }));
  const asked = { operation: 'UPDATE', kind, before, through: { subresource: 'status' } } as const;
  const mutated = (yield* askMutation(machinery, { ...asked, draft: sent }, context)) as Draft | undefined;
  const changed = mutated ? withStatus(kind, mutated, before) : sent;
  if (mutated) setOwners(changed, entriesOf(sent as KubeObject));
  const errors = [
    ...validateMeta(kind, metaOf(changed)),
    ...(kind.validateStatus?.(changed as KubeObject, before as KubeObject) ?? []),
  ];
  if (errors.length > 0) throw invalid(kind.resource, before.metadata.name, errors);
  yield* askAdmission(machinery, { ...asked, draft: changed }, context);
  return settle(machinery, { kind, draft: changed, before }, context);
}

const withStatus = (kind: Kind, draft: Draft, before: StoredObject): Draft => {
  // A custom resource's status endpoint writes the status and nothing else.
  const metadata = kind.custom ? before.metadata : metaForStatusUpdate(metaOf(draft), before.metadata);
  const { metadata: _metadata, status: _status, ...rest } = before as Draft;
  const changed = {
    ...cloneJson(rest),
    metadata: { ...metadata },
    ...(draft['status'] !== undefined && { status: draft['status'] }),
  };
  kind.prepareForStatusUpdate?.(changed, before as KubeObject);
  return changed;
};

// A write that takes the last finalizer from a dying object ends it.
const settle = (
  machinery: Machinery,
  { kind, draft, before }: Replacement,
  context: RequestContext,
): StoredObject => {
  const key = keyFor(kind, before.metadata);
  if (isFinished(kind, draft, before)) {
    discard(machinery, kind, { key, before }, context);
    return draft as unknown as StoredObject;
  }
  return save(machinery, { kind, key, draft, before }, context);
};

const checkPreconditions = ({ resource }: Kind, draft: Draft, { metadata }: StoredObject): void => {
  const meta = metaOf(draft);
  const [uid, resourceVersion] = [meta.uid, versionOf(meta)];
  if (uid && uid !== metadata.uid)
    throw conflict(
      resource,
      metadata.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
    );
  if (resourceVersion && resourceVersion !== metadata.resourceVersion)
    throw conflict(resource, metadata.name);
};

const keepStatus = (draft: Draft, { status }: Draft): void => {
  if (status === undefined) delete draft['status'];
  else draft['status'] = status;
};

const setGeneration = (kind: Kind, draft: Draft, before: Draft): void => {
  const generation = nextGeneration(kind, draft, before);
  if (generation !== undefined) draft.metadata = { ...draft.metadata, generation };
};
