// Whether the object in a request is the one that its URL names.
// Source: k8s.io/apiserver/pkg/endpoints/handlers/rest.go, checkName, and pkg/registry/rest/meta.go.
import type { ObjectRef } from '../../client/client.ts';
import type { ObjectMeta } from '../../k8s/generated/types.ts';
import type { Draft, Kind } from '../kind.ts';
import { badRequest } from '../status-errors.ts';

/** The decoder has made sure of its types. */
export const metaOf = (draft: Draft): ObjectMeta => draft.metadata ?? {};

/** The version that a write depends on. Version 0 is none, as it is to Go. */
export const versionOf = ({ resourceVersion }: ObjectMeta): string | undefined =>
  resourceVersion === '0' ? undefined : resourceVersion || undefined;

/** The namespace is the request's; an object may repeat it but not contradict it. Throws BadRequest. */
export const placed = (
  { resource }: Kind,
  namespace: string | undefined,
  { namespace: own, ...meta }: ObjectMeta,
): ObjectMeta => {
  if (!resource.namespaced) return meta;
  if (own && namespace && own !== namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  return { ...meta, namespace: namespace || own };
};

/** Throws BadRequest if the object has another name or namespace than the URL. */
export const checkRef = (kind: Kind, draft: Draft, { name, namespace }: ObjectRef): void => {
  const meta = metaOf(draft);
  placed(kind, namespace, meta);
  if (!meta.name)
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  if (meta.name !== name)
    throw badRequest(`the name of the object (${meta.name}) does not match the name on the URL (${name})`);
};
