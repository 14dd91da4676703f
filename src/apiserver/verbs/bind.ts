// POST pods/binding: the scheduler gives a pod its node.
// Source: k8s.io/kubernetes/pkg/registry/core/pod/storage/storage.go, BindingREST.
import type { ObjectRef } from '../../client/client.ts';
import { notSupported, required } from '../../k8s/field-errors.ts';
import type { Binding, Pod, PodCondition } from '../../k8s/generated/types.ts';
import { formatTime } from '../../k8s/time.ts';
import { cloneJson } from '../../lang/json.ts';
import type { Draft, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import { decodeRequest } from '../schema/decode-request.ts';
import { conflict, invalid } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { askAdmission, askMutation } from './ask-admission.ts';
import { find } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { replaceUnchecked } from './replace.ts';
import type { Verb } from './verb.ts';

const BINDING = {
  group: '',
  version: 'v1',
  resource: 'bindings',
  kind: 'Binding',
  namespaced: true,
} as const;
const DEFINITION = 'io.k8s.api.core.v1.Binding';

/** Throws Conflict if the pod has a node or is being deleted, Invalid for anything but a node as target. */
export function* bind(
  machinery: Machinery,
  kind: Kind,
  ref: ObjectRef,
  body: unknown,
  context: RequestContext,
): Verb<void> {
  const shape = machinery.shape({ definition: DEFINITION });
  const sent = decodeRequest(BINDING, shape, body, context) as Binding;
  const before = find(machinery, kind, ref);
  const through = { subresource: 'binding', type: BINDING, definition: DEFINITION, object: sent };
  const asked = { operation: 'CREATE', kind, draft: undefined, before, through } as const;
  const binding = ((yield* askMutation(machinery, asked, context)) as Binding | undefined) ?? sent;
  checkTarget(binding, ref);
  checkUnbound(kind, before);
  yield* askAdmission(machinery, { ...asked, through: { ...through, object: binding } }, context);
  const draft = boundDraft(before, binding, formatTime(machinery.clock.now()));
  replaceUnchecked(machinery, { kind, draft, before }, context);
}

const checkTarget = ({ target }: Binding, { name }: ObjectRef): void => {
  const errors = [
    ...(target?.kind && target.kind !== 'Node'
      ? [notSupported('target.kind', target.kind, ['Node', '<empty>'])]
      : []),
    ...(target?.name ? [] : [required('target.name')]),
  ];
  if (errors.length > 0) throw invalid(BINDING, name, errors);
};

const checkUnbound = ({ resource }: Kind, pod: StoredObject): void => {
  const { name, deletionTimestamp } = pod.metadata;
  const { spec } = pod as Pod;
  const refuse = (why: string): never => {
    throw conflict({ ...resource, resource: 'pods/binding' }, name, why);
  };
  if (deletionTimestamp) refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (spec?.nodeName) refuse(`pod ${name} is already assigned to node "${spec.nodeName}"`);
  if (spec?.schedulingGates?.length) refuse(`pod ${name} has non-empty .spec.schedulingGates`);
};

const boundDraft = (before: StoredObject, { target, metadata }: Binding, now: string): Draft => {
  const draft = cloneJson(before) as Draft & Pod;
  const annotations = { ...draft.metadata?.annotations, ...metadata?.annotations };
  const { uid = before.metadata.uid, resourceVersion } = metadata ?? {};
  const { nominatedNodeName: _nominated, ...status } = draft.status ?? {};
  return {
    ...draft,
    metadata: {
      ...draft.metadata,
      uid,
      resourceVersion,
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: { ...draft.spec, nodeName: target.name },
    status: { ...status, conditions: scheduled(status.conditions ?? [], now) },
  };
};

const scheduled = (conditions: readonly PodCondition[], now: string): readonly PodCondition[] => [
  ...conditions.filter(({ type }) => type !== 'PodScheduled'),
  { type: 'PodScheduled', status: 'True', lastTransitionTime: now },
];
