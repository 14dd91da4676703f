// Whether a user may do something. Everything that asks goes through this one function.
// Authenticated users may do all; role based access control takes this place when it comes.
import { ApiError, failure } from '../../k8s/api-error.ts';
import type { User } from '../registry.ts';

export type Attributes =
  | {
      readonly kind: 'resource';
      readonly verb: string;
      readonly group: string;
      readonly version: string;
      readonly resource: string;
      readonly subresource?: string | undefined;
      readonly namespace?: string | undefined;
      readonly name?: string | undefined;
    }
  | { readonly kind: 'path'; readonly verb: string; readonly path: string };

export type Decision = { readonly allowed: boolean; readonly reason: string };

export const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';

export const ANONYMOUS: User = { name: 'system:anonymous', groups: [UNAUTHENTICATED] };

/** What kube-apiserver's default role system:public-info-viewer opens to everyone. */
const PUBLIC_PATHS = /^\/(version|healthz|livez|readyz)\/?$/;

export const authorize = (user: User, attributes: Attributes): Decision => {
  if (user.groups.includes(AUTHENTICATED)) return { allowed: true, reason: '' };
  const isPublic =
    attributes.kind === 'path' && attributes.verb === 'get' && PUBLIC_PATHS.test(attributes.path);
  return { allowed: isPublic, reason: '' };
};

/** Throws 403 with kube-apiserver's message (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go). */
export const demand = (user: User, attributes: Attributes): void => {
  const { allowed, reason } = authorize(user, attributes);
  if (allowed) return;
  const why = `${refusal(user, attributes)}${reason && `: ${reason}`}`;
  if (attributes.kind === 'path') throw new ApiError(failure(403, 'Forbidden', `forbidden: ${why}`, {}));
  const { group, resource, name } = attributes;
  const what = `${resource}${group && `.${group}`}${name ? ` ${JSON.stringify(name)}` : ''}`;
  throw new ApiError(
    failure(403, 'Forbidden', `${what} is forbidden: ${why}`, {
      ...(name && { name }),
      ...(group && { group }),
      kind: resource,
    }),
  );
};

const refusal = (user: User, attributes: Attributes): string => {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (attributes.kind === 'path') return `${who} path ${JSON.stringify(attributes.path)}`;
  const { resource, subresource, group, namespace } = attributes;
  const what = subresource ? `${resource}/${subresource}` : resource;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
};
