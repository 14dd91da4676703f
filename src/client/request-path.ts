// Where a resource lives in the API's URL space, with its query.
// https://kubernetes.io/docs/reference/using-api/api-concepts/#standard-api-terminology
import { apiVersionOf } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import type { ListOptions, ObjectRef } from './client.ts';

/** `/api/v1/namespaces/ns/pods`; all namespaces when none is given. */
export const collectionPath = (resource: Resource, namespace: string | undefined): string => {
  const root = `${resource.group === '' ? '/api' : '/apis'}/${apiVersionOf(resource)}`;
  const scope = resource.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${resource.resource}`;
};

/** `/api/v1/namespaces/ns/pods/name/status`. Throws a TypeError for a missing name or namespace. */
export const objectPath = (resource: Resource, ref: ObjectRef, subresource?: string): string => {
  if (!ref.name) throw new TypeError(`${resource.resource}: metadata.name is missing`);
  if (resource.namespaced && !ref.namespace)
    throw new TypeError(`${resource.resource} "${ref.name}": metadata.namespace is missing`);
  const path = `${collectionPath(resource, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource ? `${path}/${subresource}` : path;
};

/** The selectors and `more` as a query string with its `?`, or '' when there is nothing to say. */
export const queryOf = (options: ListOptions, more: Readonly<Record<string, string>> = {}): string => {
  const query = new URLSearchParams(more);
  if (options.labelSelector) query.set('labelSelector', options.labelSelector);
  if (options.fieldSelector) query.set('fieldSelector', options.fieldSelector);
  return query.size === 0 ? '' : `?${query}`;
};
