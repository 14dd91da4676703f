// Nobody may write a role, or bind one, that allows more than they may do themselves, unless a rule of theirs says
// `escalate` or `bind`. Order and words: kubernetes pkg/registry/rbac (escalation_check.go, validation/rule.go,
// */policybased/storage.go).
import type { ClusterRole, PolicyRule, Role, RoleBinding } from '../../../k8s/generated/types.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import { clusterRoles, roles } from '../../../k8s/resources.ts';
import type { Resource } from '../../../k8s/resources.ts';
import { equalJson } from '../../../lang/json.ts';
import { forbidden } from '../../status-errors.ts';
import type { Access } from '../access.ts';
import { type Subject, isMaster } from '../users.ts';
import { missingRules } from './coverage.ts';
import { quotedList, ruleText } from './rule.ts';

/** Who writes an object of the resource; `before` is undefined for a new one. */
export type RoleWrite<T extends KubeObject> = {
  readonly resource: Resource;
  readonly user: Subject;
  readonly access: Access;
  readonly after: T;
  readonly before: T | undefined;
};

/** Throws Forbidden. */
export const refuseRoleEscalation = (write: RoleWrite<Role | ClusterRole>): void => {
  const { resource, user, access, after, before } = write;
  if (isMaster(user) || isHousekeeping(after, before)) return;
  const question = {
    ...resource,
    kind: 'resource',
    verb: 'escalate',
    namespace: after.metadata?.namespace,
    name: before?.metadata?.name,
  } as const;
  if (access.authorize(user, question).allowed) return;
  confirmHeld(write, after.rules ?? []);
  if (aggregates(after) || aggregates(before)) confirmMayAggregate(write);
};

/** Throws Forbidden, or NotFound for a role that is not there and that the user may not bind unseen. */
export const refuseBindingEscalation = (write: RoleWrite<RoleBinding>): void => {
  const { user, access, after, before } = write;
  if (isMaster(user) || isHousekeeping(after, before)) return;
  const { roleRef, metadata } = after;
  if (roleRef?.kind !== 'Role' && roleRef?.kind !== 'ClusterRole') return; // validation says so
  const question = {
    ...(roleRef.kind === 'Role' ? roles : clusterRoles),
    kind: 'resource',
    verb: 'bind',
    namespace: metadata?.namespace,
    name: roleRef.name,
  } as const;
  if (access.authorize(user, question).allowed) return;
  confirmHeld(write, access.rulesOfRole(roleRef, metadata?.namespace));
};

/** The garbage collector takes finalizers and owners off objects whose rules it does not hold. */
const isHousekeeping = (after: KubeObject, before: KubeObject | undefined): boolean =>
  before !== undefined && equalJson(withoutUpkeep(after), withoutUpkeep(before));

const withoutUpkeep = ({ metadata, ...rest }: KubeObject): object => {
  const { ownerReferences: _owners, finalizers: _finalizers, ...meta } = metadata ?? {};
  return { ...rest, metadata: { ...meta, resourceVersion: undefined, managedFields: undefined } };
};

const confirmHeld = (
  { resource, user, access, after }: RoleWrite<KubeObject>,
  wanted: readonly PolicyRule[],
): void => {
  const { rules, problems } = access.rulesOf(user, after.metadata?.namespace);
  const missing = missingRules(rules, wanted);
  if (missing.length === 0) return;
  const list = [...new Set(missing.map(ruleText))].sort().join('\n');
  const suffix = problems.length > 0 ? `; resolution errors: [${problems.join(' ')}]` : '';
  const who = `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)})`;
  const why = `${who} is attempting to grant RBAC permissions not currently held:\n${list}${suffix}`;
  throw forbidden(resource, after.metadata?.name ?? '', why);
};

const aggregates = (role: Role | ClusterRole | undefined): boolean =>
  role !== undefined && 'aggregationRule' in role && role.aggregationRule !== undefined;

const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
];

/** Such a role may gather anything, also what does not exist yet. */
const confirmMayAggregate = ({ resource, user, access, after }: RoleWrite<Role | ClusterRole>): void => {
  const { rules } = access.rulesOf(user, undefined);
  if (missingRules(rules, EVERYTHING).length === 0) return;
  const why = 'must have cluster-admin privileges to use an aggregationRule';
  throw forbidden(resource, after.metadata?.name ?? '', why);
};
