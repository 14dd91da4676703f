// The scale subresource: a workload's replica count as an autoscaling/v1 Scale.
import type { ObjectRef } from '../../client/client.ts';
import { invalid as invalidField } from '../../k8s/field-errors.ts';
import type { Scale } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import { withValueAt } from '../../lang/nested.ts';
import type { Draft, Kind } from '../kind.ts';
import type { ApplyRequest, ApplyResult, RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { invalid, methodNotSupported } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { apply, checkConfig } from './apply.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { writtenBy } from './ownership.ts';
import { patched } from './patch.ts';
import type { Patch } from './patch.ts';
import { replace } from './replace.ts';
import { checkRef, metaOf } from './request-object.ts';
import { SCALE, SCALE_DEFINITION, scaleOf, scalePaths } from './scale-view.ts';
import type { Verb } from './verb.ts';

const SHAPED = { definition: SCALE_DEFINITION };

export const getScale = (machinery: Machinery, kind: Kind, ref: ObjectRef): Stored<Scale> =>
  scaleOf(kind, scalable(machinery, kind, ref));

export function* updateScale(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): Verb<Stored<Scale>> {
  const before = scalable(machinery, kind, ref);
  const draft = decodeRequest(SCALE, machinery.shape(SHAPED), body, context);
  return yield* setReplicas(machinery, kind, { ref, before, draft }, context);
}

export function* patchScale(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  change: Patch,
  context: RequestContext,
): Verb<Stored<Scale>> {
  const before = scalable(machinery, kind, ref);
  const draft = patched(machinery.shape(SHAPED), scaleOf(kind, before), change, context);
  return yield* setReplicas(machinery, kind, { ref, before, draft }, context);
}

/** The replicas as a field of the workload's: that is what its managers own. */
export function* applyScale(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  { config, isForced }: ApplyRequest,
  context: RequestContext,
): Verb<ApplyResult> {
  const { resource } = scalable(machinery, kind, ref) && kind;
  checkConfig(machinery.shape(SHAPED), SCALE, config, ref);
  const { metadata, spec } = config as Scale;
  const typed = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
  const workload =
    spec?.replicas === undefined ? typed : withValueAt(typed, scalePaths(kind).spec, spec.replicas);
  const { object } = yield* apply(machinery, kind, ref, { config: workload, isForced }, context, 'scale');
  return { object: scaleOf(kind, object), isNew: false };
}

type Scaling = { readonly ref: ObjectRef; readonly before: StoredObject; readonly draft: Draft };

function* setReplicas(
  machinery: Machinery,
  kind: Kind,
  { ref, before, draft }: Scaling,
  context: RequestContext,
): Verb<Stored<Scale>> {
  checkRef(kind, draft, ref);
  const replicas = (draft as Scale).spec?.replicas ?? 0;
  if (replicas < 0)
    throw invalid(SCALE, ref.name, [
      invalidField('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  const scaled = withValueAt(before as Draft, scalePaths(kind).spec, replicas);
  const { uid, resourceVersion } = metaOf(draft);
  scaled.metadata = { ...scaled.metadata, uid, resourceVersion };
  const ownership = writtenBy(machinery, kind, context, 'scale');
  const replacement = { kind, draft: scaled, before, ownership, subresource: 'scale' };
  return scaleOf(kind, yield* replace(machinery, replacement, context));
}

const scalable = (machinery: Machinery, kind: Kind, ref: ObjectRef): StoredObject => {
  if (!kind.subresources.includes('scale')) throw methodNotSupported(kind.resource, 'scale');
  return find(machinery, kind, ref);
};
