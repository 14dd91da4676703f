// An object of one kind as another version of it has it, which may be in another group: what `matchPolicy: Equivalent` and
// patches of webhooks go by.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Draft, Kind } from '../kind.ts';
import type { AdmissionRequest } from './admission.ts';

/** Both kinds have their objects in one place. Throws NotConverted where a webhook has to be asked first. */
export const asKind = (from: Kind, to: Kind, object: KubeObject): KubeObject => {
  if (from === to) return object;
  const typed = { ...object, apiVersion: apiVersionOf(from.resource), kind: from.resource.kind } as Draft;
  const stored = (from.storedForm?.(typed) ?? typed) as Stored<KubeObject>;
  return to.view ? to.view(stored) : { ...stored, apiVersion: apiVersionOf(to.resource) };
};

/** The request with its objects as the kind has them. What a subresource takes of its own is the same in all versions. */
export const inVersion = (request: AdmissionRequest, kind: Kind): AdmissionRequest => {
  if (request.type || request.kind === kind) return request;
  const convert = (object: KubeObject | undefined): KubeObject | undefined =>
    object && asKind(request.kind, kind, object);
  return { ...request, object: convert(request.object), before: convert(request.before) };
};
