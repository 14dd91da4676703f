// A node agent writes to its own Node, its own lease and its own pods, whatever its roles say: a node that was taken over
// must not take the others with it (kubernetes plugin/pkg/admission/noderestriction/admission.go).
import type { Pod } from '../../../k8s/generated/types.ts';
import type { KubeObject } from '../../../k8s/objects.ts';
import type { Resource } from '../../../k8s/resources.ts';
import { forbidden } from '../../status-errors.ts';
import { type Subject, nodeNameOf } from '../users.ts';

type Change = {
  readonly resource: Resource;
  readonly before: KubeObject | undefined;
  /** Undefined: the object is removed. */
  readonly after: KubeObject | undefined;
};

/** Throws Forbidden. Costs nothing for users that are no nodes. */
export const restrictNode = (user: Subject, change: Change): void => {
  const nodeName = nodeNameOf(user);
  if (nodeName === undefined) return;
  const refusal = RULES[`${change.resource.group}/${change.resource.resource}`]?.(nodeName, change);
  if (refusal !== undefined) throw forbidden(change.resource, nameOf(change), refusal);
};

const nameOf = ({ before, after }: Change): string => (before ?? after)?.metadata?.name ?? '';

/** Why not; undefined: allowed. */
type Rule = (nodeName: string, change: Change) => string | undefined;

const ownNode: Rule = (nodeName, change) =>
  nameOf(change) === nodeName
    ? undefined
    : `node "${nodeName}" is not allowed to modify node "${nameOf(change)}"`;

const ownLease: Rule = (nodeName, change) =>
  nameOf(change) === nodeName
    ? undefined
    : 'can only access node lease with the same name as the requesting node';

const ownPod: Rule = (nodeName, { before, after }) => {
  if (!before) {
    // No podnet agent makes mirror pods, so there is nothing that it may create.
    return `pod does not have "kubernetes.io/config.mirror" annotation, node "${nodeName}" can only create mirror pods`;
  }
  if ((before as Pod).spec?.nodeName === nodeName) return undefined;
  return after && !after.metadata?.deletionTimestamp
    ? `node "${nodeName}" can only update pod status for pods with spec.nodeName set to itself`
    : `node "${nodeName}" can only delete pods with spec.nodeName set to itself`;
};

const RULES: Readonly<Record<string, Rule>> = {
  '/nodes': ownNode,
  '/pods': ownPod,
  'coordination.k8s.io/leases': ownLease,
};
