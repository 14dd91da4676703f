// PATCH with an apply configuration: server-side apply. Creates what is not there.
// Sources: k8s.io/apiserver/pkg/endpoints/handlers/patch.go, applyPatcher; k8s.io/apimachinery/pkg/util/managedfields.
import type { ObjectRef } from '../../client/client.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import { applyConfig, forceConfig } from '../managed-fields/apply.ts';
import type { Application, Applied } from '../managed-fields/apply.ts';
import { problemsOf, problemsText } from '../managed-fields/check.ts';
import { hasPath } from '../managed-fields/field-set.ts';
import { ignoredBy } from '../managed-fields/ignored-fields.ts';
import { KUBECTL, lastAppliedFields, withLastApplied } from '../managed-fields/last-applied.ts';
import { ownAfterUpdate } from '../managed-fields/update.ts';
import type { ApplyResult, ApplyRequest, RequestContext, Subresource } from '../registry.ts';
import { DecodeError } from '../schema/decode.ts';
import type { Shape } from '../schema/shape.ts';
import { applyConflict, badRequest, conflict, notFound } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { createDraft } from './create.ts';
import { keyFor, lookUp } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { entriesOf, unmanaged, writerOf } from './ownership.ts';
import { replace, replaceStatus } from './replace.ts';
import { checkRef, metaOf, placed } from './request-object.ts';
import type { Verb } from './verb.ts';

/** Throws the ApiError that kube-apiserver would answer with; Conflict if others own what would change. */
export function* apply(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  { config, isForced }: ApplyRequest,
  context: RequestContext,
  subresource?: Subresource,
): Verb<ApplyResult> {
  checkConfig(machinery.shape(kind), kind.resource, config, ref);
  const before = lookUp(machinery, kind, keyFor(kind, ref));
  if (!before && subresource) throw notFound(kind.resource, ref.name);
  const application = applicationOf(machinery, { kind, before, config, context, subresource });
  const { object: wanted, entries } = isForced ? forceConfig(application) : unforced(application);
  const isKubectl = context.fieldManager === KUBECTL;
  const draft = typed(machinery, kind, isKubectl ? withLastApplied(wanted, config) : wanted);
  checkRef(kind, draft, ref);
  const ownership = () => entries;
  if (!before) {
    checkNew(kind, draft);
    draft.metadata = { ...placed(kind, ref.namespace, metaOf(draft)) };
    return { object: yield* createDraft(machinery, kind, { draft, ownership }, context), isNew: true };
  }
  const put = subresource === 'status' ? replaceStatus : replace;
  const object = yield* put(machinery, { kind, draft, before, ownership, subresource }, context);
  return { object, isNew: false };
}

/** Throws BadRequest for what cannot be applied as this kind. */
export const checkConfig = (
  { fieldType }: Shape,
  resource: Resource,
  config: JsonObject,
  { name, namespace }: ObjectRef,
): void => {
  const type = typeText(String(config['apiVersion'] ?? ''), String(config['kind'] ?? ''));
  if (type !== typeText(apiVersionOf(resource), resource.kind))
    throw badRequest(`invalid object type: ${type}`);
  const metadata = config['metadata'];
  if (isJsonObject(metadata) && (metadata['managedFields'] ?? null) !== null)
    throw badRequest('metadata.managedFields must be nil');
  const problems = problemsOf(fieldType, config);
  // kube-apiserver answers 500 here, though the request is at fault.
  if (problems.length > 0)
    throw badRequest(
      `failed to create typed patch object (${namespace ?? ''}/${name}; ${type}): ${problemsText(problems)}`,
    );
};

// As Go prints a GroupVersionKind: the core group is an empty one.
const typeText = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;

type Target = {
  readonly kind: Kind;
  readonly before: StoredObject | undefined;
  readonly config: JsonObject;
  readonly context: RequestContext;
  readonly subresource: Subresource | undefined;
};

const applicationOf = (
  machinery: Machinery,
  { kind, before, config, context, subresource }: Target,
): Application => {
  const application: Application = {
    type: machinery.shape(kind).fieldType,
    live: before ? unmanaged(before) : {},
    config,
    entries: entriesOf(before),
    writer: writerOf(machinery, kind, context, subresource),
    ignored: ignoredBy(subresource, kind.subresources.includes('status')),
  };
  return before && application.entries.length === 0 ? withFirstOwner(application) : application;
};

// What is in an object that nobody owns was written before anyone applied it.
const withFirstOwner = (application: Application): Application => {
  const { live, writer } = application;
  const entries = ownAfterUpdate({
    ...application,
    live: {},
    after: live,
    writer: { ...writer, manager: 'before-first-apply' },
  });
  return { ...application, entries };
};

type Accepted = Extract<Applied, { readonly ok: true }>;

const unforced = (application: Application): Accepted => {
  const applied = applyConfig(application);
  if (applied.ok) return applied;
  const { type, live, writer } = application;
  const mayTake = writer.manager === KUBECTL ? lastAppliedFields(type, live) : undefined;
  const conflicts = applied.conflicts.filter(({ path }) => !mayTake || !hasPath(mayTake, path));
  if (conflicts.length > 0) throw applyConflict(conflicts);
  return forceConfig(application);
};

const typed = (machinery: Machinery, kind: Kind, object: JsonObject): Draft => {
  try {
    return machinery.shape(kind).decode(object).object;
  } catch (error) {
    if (error instanceof DecodeError)
      throw badRequest(`failed to convert new typed object to object: ${error.message}`);
    throw error;
  }
};

const checkNew = ({ resource }: Kind, draft: Draft): void => {
  const { uid, name } = metaOf(draft);
  if (uid)
    throw conflict(
      resource,
      name ?? '',
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
};
