// A verb's write as admission sees it.
import type { KubeObject } from '../../k8s/objects.ts';
import type { AdmissionRequest } from '../admission/admission.ts';
import { asKind } from '../admission/other-version.ts';
import type { Draft, Kind } from '../kind.ts';
import type { Asked as RegistryAsked, RequestContext } from '../registry.ts';
import { conflict } from '../status-errors.ts';
import type { StoredObject } from '../store/change.ts';
import { admissionContext, find, keyFor, lookUp } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { checkNamespaceTakesContent } from './namespace-lifecycle.ts';
import { SCALE, SCALE_DEFINITION, scaleOf } from './scale-view.ts';
import { Superseded, answerOf } from './verb.ts';
import type { Verb } from './verb.ts';

/** A write through a subresource that takes an object of its own. */
export type Through = {
  readonly subresource: string;
  readonly type?: AdmissionRequest['type'];
  /** Of the object's schema. */
  readonly definition?: string;
  readonly object?: object;
  readonly before?: object;
};

/** An update through a subresource: of the scale, admission sees no more than a Scale. */
export const updateThrough = (
  kind: Kind,
  subresource: string | undefined,
  { draft, before }: { readonly draft: Draft; readonly before: StoredObject },
): Through | undefined => {
  if (subresource !== 'scale') return subresource === undefined ? undefined : { subresource };
  const object = scaleOf(kind, draft as unknown as StoredObject);
  return { subresource, type: SCALE, definition: SCALE_DEFINITION, object, before: scaleOf(kind, before) };
};

type Asked = {
  readonly operation: AdmissionRequest['operation'];
  readonly kind: Kind;
  readonly draft: Draft | undefined;
  /** The object as it is: of which the write is made, or whose subresource it is. */
  readonly before: StoredObject | undefined;
  /** '' where the server made the name up; else the object's. */
  readonly name?: string;
  readonly through?: Through | undefined;
};

/** The object as webhooks want it to be; undefined: as it is. Throws what they refuse with. */
export function* askMutation(
  machinery: Machinery,
  asked: Asked,
  context: RequestContext,
): Verb<KubeObject | undefined> {
  const { kind, operation, through } = asked;
  const answer = machinery.admission.webhooks.mutate({
    request: requestOf(asked, context),
    read: (object, as) => readAgain(machinery, asked, object, as),
    typeOf: (as) => machinery.shape(through?.definition ? { definition: through.definition } : as).fieldType,
    admitAgain: (object) => {
      if (operation === 'CREATE' && !through)
        kind.admit?.(object as Draft, admissionContext(machinery, context));
    },
  });
  if (!answer) return undefined;
  const changed = yield* answerOf(answer);
  checkCurrent(machinery, asked);
  return changed;
}

/** Throws what admission refuses with. */
export function* askAdmission(machinery: Machinery, asked: Asked, context: RequestContext): Verb<void> {
  const { validating, webhooks } = machinery.admission;
  const request = requestOf(asked, context);
  for (const step of validating) step(request);
  const answer = webhooks.validate(request);
  if (!answer) return;
  yield* answerOf(answer);
  checkCurrent(machinery, asked);
}

/** Of a request that writes nothing here, connections and tokens: what webhooks have made of its object, if anything. */
export function* askAbout(
  machinery: Machinery,
  { operation, kind, ref, through }: RegistryAsked,
  context: RequestContext,
): Verb<KubeObject | undefined> {
  const before = find(machinery, kind, ref);
  const asked = { operation, kind, draft: undefined, before, through };
  const changed = yield* askMutation(machinery, asked, context);
  const now = changed ? { ...through, object: changed } : through;
  yield* askAdmission(machinery, { ...asked, through: now }, context);
  return changed;
}

const requestOf = (
  { operation, kind, draft, before, name, through }: Asked,
  context: RequestContext,
): AdmissionRequest => {
  const metadata = (draft as KubeObject | undefined)?.metadata ?? before?.metadata;
  const called = name ?? metadata?.name ?? '';
  const isNamespace = kind.resource.group === '' && kind.resource.resource === 'namespaces';
  return {
    operation,
    kind,
    subresource: through?.subresource ?? '',
    ...(through?.type && { type: through.type }),
    name: called,
    namespace: isNamespace ? called : (metadata?.namespace ?? ''),
    object: (through?.object ?? draft) as KubeObject | undefined,
    before: isNew(operation) ? undefined : ((through?.before ?? before) as KubeObject | undefined),
    context,
  };
};

const isNew = (operation: AdmissionRequest['operation']): boolean =>
  operation === 'CREATE' || operation === 'CONNECT';

const readAgain = (machinery: Machinery, { kind, through }: Asked, object: unknown, as: Kind): KubeObject => {
  if (through?.definition)
    return machinery.shape({ definition: through.definition }).decode(object).object as KubeObject;
  if (through?.object) return object as KubeObject;
  const draft = machinery.shape(as).decode(object).object;
  as.applyDefaults(draft);
  return asKind(as, kind, draft as KubeObject);
};

// While webhooks were asked others may have written. Throws Superseded, or what a namespace that went says.
const checkCurrent = (machinery: Machinery, { operation, kind, draft, before }: Asked): void => {
  if (operation === 'CONNECT') return; // nothing is written
  const { namespace = '', name = '' } = (draft as KubeObject | undefined)?.metadata ?? {};
  if (before) {
    const present = lookUp(machinery, kind, keyFor(kind, before.metadata));
    if (present?.metadata.resourceVersion !== before.metadata.resourceVersion)
      throw new Superseded(conflict(kind.resource, before.metadata.name));
  } else if (kind.resource.namespaced) checkNamespaceTakesContent(machinery, kind, namespace, name);
};
