// A request as policies and webhooks see it (k8s.io/api/admission/v1, AdmissionRequest; its objects and options aside).
import type { Resource } from '../../k8s/resources.ts';
import type { AdmissionRequest } from './admission.ts';

/** What a rule was found to be about: an equivalent of the request's resource may be it. */
export type Matched = { readonly resource: Resource; readonly kind: AdmissionRequest['type'] };

export const requestJson = (request: AdmissionRequest, matched: Matched): object => {
  const { resource } = request.kind;
  const { user, dryRun } = request.context;
  return {
    kind: typeJson(matched.kind ?? matched.resource),
    resource: resourceJson(matched.resource),
    ...(request.subresource && { subResource: request.subresource }),
    requestKind: typeJson(request.type ?? resource),
    requestResource: resourceJson(resource),
    ...(request.subresource && { requestSubResource: request.subresource }),
    name: request.name,
    ...(request.namespace && { namespace: request.namespace }),
    operation: request.operation,
    userInfo: {
      username: user.name,
      ...(user.uid && { uid: user.uid }),
      groups: user.groups,
      ...(user.extra && { extra: user.extra }),
    },
    dryRun,
  };
};

const typeJson = ({ group, version, kind }: NonNullable<AdmissionRequest['type']>): object => ({
  group,
  version,
  kind,
});

const resourceJson = ({ group, version, resource }: Resource): object => ({ group, version, resource });
