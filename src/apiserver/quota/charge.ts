// What a write takes from a quota or gives back to it
// (k8s.io/apiserver/pkg/admission/plugin/resourcequota/controller.go, CheckRequest). Pure.
import { type Amounts, amountsOf, count, negated, resourceList, sumOf } from '../../k8s/amounts.ts';
import type { Pod, Quantity, ResourceQuota } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { formatQuantity } from '../../k8s/quantity.ts';
import type { Resource } from '../../k8s/resources.ts';
import { isInScopes } from './scopes.ts';
import { computeNames, usageOf } from './usage.ts';

export type Charge = {
  readonly resource: Pick<Resource, 'group' | 'resource'>;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
};

/** By the names that the quota limits: negative for what is given back. */
export const deltaOf = (quota: ResourceQuota, { resource, before, after }: Charge): Amounts => {
  const usage = (object: KubeObject | undefined): Amounts =>
    object && isInScopes(quota, resource, object) ? usageOf(resource, object) : new Map();
  const delta = sumOf(usage(after), negated(usage(before)));
  const hard = quota.spec?.hard ?? {};
  return new Map([...delta].filter(([name, { nanos }]) => nanos !== 0n && Object.hasOwn(hard, name)));
};

/** The quota's `used` after the write. */
export const usedAfter = ({ status }: ResourceQuota, delta: Amounts): Record<string, Quantity> => ({
  ...status?.used,
  ...resourceList(new Map([...sumOf(amountsOf(status?.used), delta)].filter(([name]) => delta.has(name)))),
});

/** `exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2`; undefined if there is room. */
export const excess = (quota: Stored<ResourceQuota>, delta: Amounts): string | undefined => {
  const [hard, used] = [amountsOf(quota.spec?.hard), amountsOf(quota.status?.used)];
  const after = sumOf(used, delta);
  const exceeded = [...delta]
    .filter(([name, { nanos }]) => nanos > 0n && after.get(name)!.nanos > hard.get(name)!.nanos)
    .map(([name]) => name)
    .sort();
  if (exceeded.length === 0) return undefined;
  const text = (amounts: Amounts): string =>
    exceeded.map((name) => `${name}=${formatQuantity(amounts.get(name) ?? count(0))}`).join(',');
  const { name } = quota.metadata;
  return `exceeded quota: ${name}, requested: ${text(delta)}, used: ${text(used)}, limited: ${text(hard)}`;
};

const MUST_BE_SAID = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/**
 * `failed quota: q: must specify cpu for: c1,c2; memory for: c1`: where CPU or memory is limited, every container must say
 * what it takes.
 */
export const unsaid = (quota: Stored<ResourceQuota>, pod: Pod): string | undefined => {
  if (saysItForAll(pod)) return undefined;
  const required = MUST_BE_SAID.filter((name) => Object.hasOwn(quota.spec?.hard ?? {}, name)).sort();
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(
    ({ name, resources }) => {
      const said = computeNames(amountsOf(resources?.requests), amountsOf(resources?.limits));
      return { name, said: new Set(said.map(([each]) => each)) };
    },
  );
  const missing = required.flatMap((name) => {
    const names = containers.filter(({ said }) => !said.has(name)).map((container) => container.name);
    return names.length === 0 ? [] : [`${name} for: ${[...new Set(names)].sort().join(',')}`];
  });
  return missing.length === 0
    ? undefined
    : `failed quota: ${quota.metadata.name}: must specify ${missing.join('; ')}`;
};

const saysItForAll = ({ spec }: Pod): boolean =>
  [spec?.resources?.requests, spec?.resources?.limits].some((list) => Object.keys(list ?? {}).length > 0);
