// Resource lists as the API keeps them: canonical quantities, rounded up to a thousandth.
import { formatQuantity, parseQuantity, roundUpToMilli } from '../../k8s/quantity.ts';
import type { ResourceRequirements } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';

type ResourceList = Record<string, string | number>;

/** Leaves text that is no quantity as it is: validation has its message. */
export const canonicalResources = (list: ResourceList | undefined): void => {
  for (const [name, text] of Object.entries(list ?? {})) {
    const quantity = parseQuantity(text);
    if (quantity) list![name] = formatQuantity(roundUpToMilli(quantity));
  }
};

export const defaultRequirements = (resources: Mutable<ResourceRequirements>): void => {
  canonicalResources(resources.limits);
  canonicalResources(resources.requests);
};

/** Only in pods, not in templates: what is limited and not requested is requested to the limit. */
export const requestLimits = (resources: Mutable<ResourceRequirements> | undefined): void => {
  if (resources?.limits) resources.requests = { ...resources.limits, ...resources.requests };
};
