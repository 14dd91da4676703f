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
import { SCALE, scaleOf, scalePaths } from './scale-view.ts';

const SHAPED = { definition: 'io.k8s.api.autoscaling.v1.Scale' };

export const getScale = (machinery: Machinery, kind: Kind, ref: ObjectRef): Stored<Scale> =>
  scaleOf(kind, scalable(machinery, kind, ref));

export const updateScale = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): Stored<Scale> => {
  const before = scalable(machinery, kind, ref);
  const draft = decodeRequest(SCALE, machinery.shape(SHAPED), body, context);
  return setReplicas(machinery, kind, { ref, before, draft }, context);
};

export const patchScale = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  change: Patch,
  context: RequestContext,
): Stored<Scale> => {
  const before = scalable(machinery, kind, ref);
  const draft = patched(machinery.shape(SHAPED), scaleOf(kind, before), change, context);
  return setReplicas(machinery, kind, { ref, before, draft }, context);
};

/** The replicas as a field of the workload's: that is what its managers own. */
export const applyScale = (
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  { config, isForced }: ApplyRequest,
  context: RequestContext,
): ApplyResult => {
  const { resource } = scalable(machinery, kind, ref) && kind;
  checkConfig(machinery.shape(SHAPED), SCALE, config, ref);
  const { metadata, spec } = config as Scale;
  const typed = { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata };
  const workload =
    spec?.replicas === undefined ? typed : withValueAt(typed, scalePaths(kind).spec, spec.replicas);
  const { object } = apply(machinery, kind, ref, { config: workload, isForced }, context, 'scale');
  return { object: scaleOf(kind, object), isNew: false };
};

type Scaling = { readonly ref: ObjectRef; readonly before: StoredObject; readonly draft: Draft };

const setReplicas = (
  machinery: Machinery,
  kind: Kind,
  { ref, before, draft }: Scaling,
  context: RequestContext,
): Stored<Scale> => {
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
  return scaleOf(
    kind,
    replace(machinery, { kind, draft: scaled, before, ownership, subresource: 'scale' }, context),
  );
};

const scalable = (machinery: Machinery, kind: Kind, ref: ObjectRef): StoredObject => {
  if (!kind.subresources.includes('scale')) throw methodNotSupported(kind.resource, 'scale');
  return find(machinery, kind, ref);
};
