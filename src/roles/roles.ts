// Gives ClusterRoles with an aggregationRule the rules of the roles that they select.
import type { ApiClient } from '../client/client.ts';
import type { Informer } from '../informer/informer.ts';
import { isConflict, isNotFound } from '../k8s/api-error.ts';
import { aggregatedRules } from '../k8s/aggregate-rules.ts';
import type { ClusterRole } from '../k8s/generated/types.ts';
import { labelSelectorMatches } from '../k8s/labels.ts';
import type { Stored } from '../k8s/objects.ts';
import { clusterRoles } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';
import { equalJson } from '../lang/json.ts';
import type { Log } from '../lang/log.ts';
import { startKeyedLoop } from '../reconcile/keyed-loop.ts';

export type RolesOptions = {
  readonly client: ApiClient;
  /** With `roleIndexes`. */
  readonly clusterRoles: Informer<ClusterRole>;
  readonly clock: Clock;
  readonly log: Log;
};

export type Roles = { readonly stop: () => Promise<void> };

const GATHERING = 'roles/gathering';

export const roleIndexes = {
  clusterRoles: { [GATHERING]: (role: ClusterRole) => (role.aggregationRule ? [''] : []) },
};

/** Hears nothing before the first full list, so no rule is taken away for a role that is not known yet. */
export const startRoles = (options: RolesOptions): Roles => {
  const { clock, log } = options;
  const loop = startKeyedLoop({
    name: 'role-aggregation',
    concurrency: 1,
    isExpected: isConflict,
    reconcile: (key) => reconcile(options, key),
    clock,
    log,
  });
  const unsubscribe = options.clusterRoles.subscribe(({ key, before, after }) => {
    if (after?.aggregationRule) loop.mark(key);
    for (const role of options.clusterRoles.byIndex(GATHERING, ''))
      if (selects(role, before) || selects(role, after)) loop.mark(role.metadata.name);
  });
  return {
    stop: () => {
      unsubscribe();
      return loop.stop();
    },
  };
};

const selects = ({ aggregationRule }: ClusterRole, role: Stored<ClusterRole> | undefined): boolean =>
  role !== undefined &&
  (aggregationRule?.clusterRoleSelectors ?? []).some((selector) =>
    labelSelectorMatches(selector, role.metadata.labels),
  );

const reconcile = async ({ client, clusterRoles: informer }: RolesOptions, name: string): Promise<void> => {
  const role = informer.get(name);
  if (!role?.aggregationRule) return;
  const rules = aggregatedRules(role, informer.list());
  if (equalJson(rules, role.rules ?? [])) return;
  try {
    await client.update(clusterRoles, { ...role, rules });
  } catch (error) {
    if (!isNotFound(error)) throw error; // deleted meanwhile
  }
};
