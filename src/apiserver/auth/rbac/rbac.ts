// Role based access control: a user may do what a role allows that a binding gives to them, to a group of theirs or to
// their ServiceAccount. Order and words: kubernetes pkg/registry/rbac/validation/rule.go, plugin/pkg/auth/authorizer/rbac.
import { ApiError, failure } from '../../../k8s/api-error.ts';
import type { PolicyRule, RoleRef } from '../../../k8s/generated/types.ts';
import { joinKey } from '../../../k8s/objects.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../k8s/resources.ts';
import type { Attributes, Decision } from '../attributes.ts';
import type { ObjectSource } from '../object-source.ts';
import type { Subject } from '../users.ts';
import { BindingIndex, type Grant } from './binding-index.ts';
import { ruleAllows } from './rule.ts';

/** The rules of all roles that could be found; `problems` names the others. */
export type HeldRules = { readonly rules: readonly PolicyRule[]; readonly problems: readonly string[] };

export type Rbac = {
  readonly authorize: (user: Subject, attributes: Attributes) => Decision;
  /** What the user may do in a namespace; without one, what ClusterRoleBindings give. */
  readonly rulesOf: (user: Subject, namespace: string | undefined) => HeldRules;
  /** The rules of the role that a binding in this namespace refers to. Throws NotFound. */
  readonly rulesOfRole: (ref: RoleRef, namespace: string | undefined) => readonly PolicyRule[];
};

type Indexes = { readonly cluster: BindingIndex; readonly namespaced: BindingIndex };

/** The bindings are read when the first decision is due: a cluster whose users are all masters keeps no index. */
export const createRbac = (source: ObjectSource): Rbac => {
  let indexes: Indexes | undefined;
  const grantsOf = (user: Subject, namespace: string | undefined): Iterable<Grant> => {
    indexes ??= followBindings(source);
    return applying(indexes, user, namespace);
  };
  return {
    authorize: (user, attributes) =>
      decide(
        source,
        grantsOf(user, attributes.kind === 'resource' ? attributes.namespace : undefined),
        attributes,
      ),
    rulesOf: (user, namespace) => collect(source, grantsOf(user, namespace)),
    rulesOfRole: (ref, namespace) => {
      const rules = rulesOfRole(source, ref, namespace);
      if (!rules) throw roleNotFound(ref);
      return rules;
    },
  };
};

const followBindings = (source: ObjectSource): Indexes => {
  const indexes = { cluster: new BindingIndex(), namespaced: new BindingIndex() };
  source.follow(clusterRoleBindings, (key, binding) => indexes.cluster.set(key, binding));
  source.follow(roleBindings, (key, binding) => indexes.namespaced.set(key, binding));
  return indexes;
};

function* applying(
  { cluster, namespaced }: Indexes,
  user: Subject,
  namespace: string | undefined,
): Generator<Grant, void> {
  yield* cluster.grantsOf(user, '');
  if (namespace) yield* namespaced.grantsOf(user, namespace);
}

const decide = (source: ObjectSource, grants: Iterable<Grant>, attributes: Attributes): Decision => {
  const problems: string[] = [];
  for (const grant of grants) {
    const { roleRef, metadata } = grant.binding;
    const rules = rulesOfRole(source, roleRef, metadata.namespace);
    if (!rules) problems.push(missingText(roleRef));
    else if (rules.some((rule) => ruleAllows(rule, attributes)))
      return { allowed: true, reason: `RBAC: allowed by ${grantText(grant)}` };
  }
  return { allowed: false, reason: problems.length > 0 ? `RBAC: ${aggregated(problems)}` : '' };
};

const collect = (source: ObjectSource, grants: Iterable<Grant>): HeldRules => {
  const bindings = new Set([...grants].map(({ binding }) => binding));
  const found = [...bindings].map(({ roleRef, metadata }) => ({
    roleRef,
    rules: rulesOfRole(source, roleRef, metadata.namespace),
  }));
  return {
    rules: found.flatMap(({ rules }) => rules ?? []),
    problems: found.filter(({ rules }) => !rules).map(({ roleRef }) => missingText(roleRef)),
  };
};

const rulesOfRole = (
  source: ObjectSource,
  { kind, name }: RoleRef,
  namespace: string | undefined,
): readonly PolicyRule[] | undefined => {
  const role = kind === 'Role' ? source.get(roles, joinKey(namespace, name)) : source.get(clusterRoles, name);
  return role && (role.rules ?? []);
};

/** As client-go's listers call what they do not find: in the singular. */
const missingText = ({ kind, name }: RoleRef): string =>
  `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;

const roleNotFound = (ref: RoleRef): ApiError =>
  new ApiError(
    failure(404, 'NotFound', missingText(ref), {
      name: ref.name,
      group: 'rbac.authorization.k8s.io',
      kind: ref.kind.toLowerCase(),
    }),
  );

/** As utilerrors.Aggregate prints. */
const aggregated = (problems: readonly string[]): string => {
  const distinct = [...new Set(problems)];
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`;
};

const grantText = ({ binding, subject }: Grant): string => {
  const { name, namespace } = binding.metadata;
  const [kind, title] = namespace ? ['RoleBinding', `${name}/${namespace}`] : ['ClusterRoleBinding', name];
  const whose =
    subject.kind === 'ServiceAccount' ? `${subject.name}/${subject.namespace || namespace}` : subject.name;
  const { roleRef } = binding;
  return `${kind} ${JSON.stringify(title)} of ${roleRef.kind} ${JSON.stringify(roleRef.name)} to ${subject.kind} ${JSON.stringify(whose)}`;
};
