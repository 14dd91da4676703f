// The objects that a binding gives its policy as parameters
// (k8s.io/apiserver/pkg/admission/plugin/policy/generic/policy_dispatcher.go, CollectParams; 1.37).
import type { ParamKind, ParamRef } from '../../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../../k8s/labels.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import { apiVersionOf } from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';

export type ParameterLookup = {
  readonly resources: () => readonly Resource[];
  readonly get: (resource: Resource, namespace: string | undefined, name: string) => KubeObject | undefined;
  readonly list: (resource: Resource, namespace: string | undefined) => readonly KubeObject[];
};

/** The policy is evaluated once for each; undefined stands for none. A text says what is wrong with the configuration. */
export const collectParameters = (
  kind: ParamKind | undefined,
  ref: ParamRef | undefined,
  requestNamespace: string,
  lookup: ParameterLookup,
): readonly (KubeObject | undefined)[] | string => {
  if (!kind || !ref) return [undefined];
  const resource = lookup
    .resources()
    .find((each) => apiVersionOf(each) === kind.apiVersion && each.kind === kind.kind);
  if (!resource) return `paramKind kind \`${kind.apiVersion}, Kind=${kind.kind}\` not known`;
  if (ref.namespace && !resource.namespaced)
    return 'paramRef.namespace must not be provided for a cluster-scoped `paramKind`';
  const namespace = resource.namespaced ? ref.namespace || requestNamespace : undefined;
  if (namespace === '')
    return 'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources';
  const found = find(ref, resource, namespace, lookup);
  if (found.length > 0 || ref.parameterNotFoundAction !== 'Deny') return found;
  return 'no params found for policy binding with `Deny` parameterNotFoundAction';
};

const find = (
  { name, selector }: ParamRef,
  resource: Resource,
  namespace: string | undefined,
  lookup: ParameterLookup,
): readonly KubeObject[] => {
  const objects = name
    ? [lookup.get(resource, namespace, name)].filter((each) => each !== undefined)
    : lookup
        .list(resource, namespace)
        .filter(({ metadata }) => labelSelectorMatches(selector, metadata?.labels));
  // Stored objects need not say what they are.
  return objects.map((each) => ({ apiVersion: apiVersionOf(resource), kind: resource.kind, ...each }));
};
