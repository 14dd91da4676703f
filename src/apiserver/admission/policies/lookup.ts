// What policies look up in the API: themselves, their bindings, namespaces, parameters, and what users may do.
import type { AccessCheck, Authorize } from '../../../cel/functions/authorizer.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  Namespace,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../../k8s/generated/types.ts';
import { joinKey } from '../../../k8s/objects.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  namespaces,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
} from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';
import type { Access } from '../../auth/access.ts';
import type { Attributes } from '../../auth/attributes.ts';
import { accountGroups, accountUserName } from '../../auth/users.ts';
import type { Kind } from '../../kind.ts';
import type { ServedKinds, User } from '../../registry.ts';
import type { Store } from '../../store/store.ts';
import type { MatchLookup } from './match-resources.ts';
import type { ParameterLookup } from './parameters.ts';

export type Lookup = MatchLookup &
  ParameterLookup & {
    readonly policies: () => readonly Stored<ValidatingAdmissionPolicy>[];
    readonly mutatingPolicies: () => readonly Stored<MutatingAdmissionPolicy>[];
    readonly mutatingBindings: () => readonly Stored<MutatingAdmissionPolicyBinding>[];
    readonly mutatingWebhooks: () => readonly Stored<MutatingWebhookConfiguration>[];
    readonly validatingWebhooks: () => readonly Stored<ValidatingWebhookConfiguration>[];
    readonly bindings: () => readonly Stored<ValidatingAdmissionPolicyBinding>[];
    readonly authorizeFor: (user: User) => Authorize;
  };

export const createLookup = (store: Store, kinds: ServedKinds, access: Access): Lookup => {
  const get = (resource: Resource, namespace: string | undefined, name: string): KubeObject | undefined =>
    store.table(resource).objects.get(joinKey(namespace, name));
  const all = <T extends KubeObject>(resource: Resource<T>): readonly Stored<T>[] => {
    const { objects } = store.table(resource);
    return objects.keys().map((key) => objects.get(key) as unknown as Stored<T>);
  };
  return {
    policies: () => all(validatingAdmissionPolicies),
    bindings: () => all(validatingAdmissionPolicyBindings),
    mutatingPolicies: () => all(mutatingAdmissionPolicies),
    mutatingBindings: () => all(mutatingAdmissionPolicyBindings),
    mutatingWebhooks: () => all(mutatingWebhookConfigurations),
    validatingWebhooks: () => all(validatingWebhookConfigurations),
    namespace: (name) => get(namespaces, undefined, name) as Stored<Namespace> | undefined,
    equivalents: (kind) => kinds.all.filter((each) => isSamePlace(each, kind)),
    resources: () => kinds.all.map(({ resource }) => resource),
    get,
    list: (resource, namespace) =>
      all(resource).filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace),
    authorizeFor: (user) => (check) => {
      const { allowed, reason } = access.authorize(subjectOf(check, user), attributesOf(check));
      return { isAllowed: allowed, reason };
    },
  };
};

/** Versions of a custom resource are stored under their own, but in one place. */
const isSamePlace = (a: Kind, b: Kind): boolean => {
  const [placeA, placeB] = [a.storage ?? a.resource, b.storage ?? b.resource];
  return placeA.group === placeB.group && placeA.resource === placeB.resource;
};

const subjectOf = ({ serviceAccount }: AccessCheck, user: User): User => {
  if (!serviceAccount) return user;
  const { namespace, name } = serviceAccount;
  return { name: accountUserName(namespace, name), groups: accountGroups(namespace) };
};

const attributesOf = (check: AccessCheck): Attributes => {
  const { verb, path, group = '', resource = '' } = check;
  if (path !== undefined) return { kind: 'path', verb, path };
  const { subresource, namespace, name } = check;
  return { kind: 'resource', verb, group, version: '*', resource, subresource, namespace, name };
};
