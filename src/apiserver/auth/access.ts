// Who may do what. Everything that asks goes through `Access.authorize`: the masters may do all, a node agent what its
// pods need, and everybody what their roles allow.
import type { PolicyRule, RoleRef } from '../../k8s/generated/types.ts';
import type { Attributes, Decision } from './attributes.ts';
import { createNodeAuthorizer } from './node/node-authorizer.ts';
import type { ObjectSource } from './object-source.ts';
import { type HeldRules, createRbac } from './rbac/rbac.ts';
import { type Subject, isMaster, nodeNameOf } from './users.ts';

export type Access = {
  readonly authorize: (user: Subject, attributes: Attributes) => Decision;
  /** The rules that roles give a user; what node agents may do besides is not among them. */
  readonly rulesOf: (user: Subject, namespace: string | undefined) => HeldRules;
  /** The rules of the role that a binding in this namespace refers to. Throws NotFound. */
  readonly rulesOfRole: (ref: RoleRef, namespace: string | undefined) => readonly PolicyRule[];
};

const ALLOWED: Decision = { allowed: true, reason: '' };

/** Decisions follow the objects of `source` as they change. */
export const createAccess = (source: ObjectSource): Access => {
  const rbac = createRbac(source);
  const authorizeNode = createNodeAuthorizer(source);
  return {
    ...rbac,
    authorize: (user, attributes) => {
      if (isMaster(user)) return ALLOWED;
      const nodeName = nodeNameOf(user);
      const asNode = nodeName === undefined ? undefined : authorizeNode(nodeName, attributes);
      if (asNode?.allowed) return asNode;
      const byRole = rbac.authorize(user, attributes);
      return byRole.allowed ? byRole : { allowed: false, reason: joined(asNode?.reason, byRole.reason) };
    },
  };
};

const joined = (...reasons: readonly (string | undefined)[]): string => reasons.filter(Boolean).join('\n');
