// Refuses what a user may not do, with kube-apiserver's message
// (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go).
import { ApiError, failure } from '../../k8s/api-error.ts';
import type { User } from '../registry.ts';
import type { Access } from './access.ts';
import { type Attributes, type Decision, resourceText } from './attributes.ts';

/** The decision, if it is to allow. Throws 403 otherwise. */
export const demand = (access: Access, user: User, attributes: Attributes): Decision => {
  const decision = access.authorize(user, attributes);
  if (!decision.allowed) throw refused(user, attributes, decision.reason);
  return decision;
};

const refused = (user: User, attributes: Attributes, reason: string): ApiError => {
  const why = `${refusal(user, attributes)}${reason && `: ${reason}`}`;
  if (attributes.kind === 'path') return new ApiError(failure(403, 'Forbidden', `forbidden: ${why}`, {}));
  const { group, resource, name } = attributes;
  const what = `${resource}${group && `.${group}`}${name ? ` ${JSON.stringify(name)}` : ''}`;
  return new ApiError(
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
  const { group, namespace } = attributes;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  return `${who} resource ${JSON.stringify(resourceText(attributes))} in API group ${JSON.stringify(group)} ${where}`;
};
