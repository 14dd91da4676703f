// A verb's write as admission sees it.
import type { KubeObject } from '../../k8s/objects.ts';
import { admitWrite } from '../admission/admission.ts';
import type { AdmissionRequest } from '../admission/admission.ts';
import type { Draft, Kind } from '../kind.ts';
import type { RequestContext } from '../registry.ts';
import type { StoredObject } from '../store/change.ts';
import type { Machinery } from './machinery.ts';
import { SCALE, scaleOf } from './scale-view.ts';

/** A write through a subresource that takes an object of its own. */
export type Through = {
  readonly subresource: string;
  readonly type?: AdmissionRequest['type'];
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
  return { subresource, type: SCALE, object, before: scaleOf(kind, before) };
};

type Asked = {
  readonly operation: AdmissionRequest['operation'];
  readonly kind: Kind;
  readonly draft: Draft | undefined;
  readonly before: KubeObject | undefined;
  /** '' where the server made the name up; else the object's. */
  readonly name?: string;
  readonly through?: Through | undefined;
};

/** Throws what admission refuses with. */
export const askAdmission = (
  { admission }: Machinery,
  { operation, kind, draft, before, name, through }: Asked,
  context: RequestContext,
): void => {
  if (admission.validating.length === 0) return;
  const metadata = (draft as KubeObject | undefined)?.metadata ?? before?.metadata;
  const called = name ?? metadata?.name ?? '';
  const isNamespace = kind.resource.group === '' && kind.resource.resource === 'namespaces';
  admitWrite(admission, {
    operation,
    kind,
    subresource: through?.subresource ?? '',
    ...(through?.type && { type: through.type }),
    name: called,
    namespace: isNamespace ? called : (metadata?.namespace ?? ''),
    object: (through?.object ?? draft) as KubeObject | undefined,
    before: (through ? (through.before ?? before) : before) as KubeObject | undefined,
    context,
  });
};
