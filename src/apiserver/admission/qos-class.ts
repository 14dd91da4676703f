// A pod's quality of service, from its requests and limits (kubernetes pkg/apis/core/helper/qos).
import type { PodSpec, Quantity, ResourceRequirements } from '../../k8s/generated/types.ts';
import { parseQuantity } from '../../k8s/quantity.ts';

type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** Guaranteed: every container limits CPU and memory to what it requests. BestEffort: none asks for anything. */
export const qosClassOf = ({ resources, initContainers, containers }: PodSpec): QosClass => {
  const all = resources
    ? [resources]
    : [...(initContainers ?? []), ...(containers ?? [])].map((container) => container.resources ?? {});
  if (!all.some(asksForAnything)) return 'BestEffort';
  return all.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
};

const COMPUTE = ['cpu', 'memory'] as const;

const asksForAnything = ({ requests, limits }: ResourceRequirements): boolean =>
  COMPUTE.some((name) => nanosOf(requests?.[name]) > 0n || nanosOf(limits?.[name]) > 0n);

const isGuaranteed = ({ requests, limits }: ResourceRequirements): boolean =>
  COMPUTE.every((name) => {
    const limit = nanosOf(limits?.[name]);
    return limit > 0n && nanosOf(requests?.[name]) === limit;
  });

const nanosOf = (quantity: Quantity | undefined): bigint =>
  quantity === undefined ? 0n : (parseQuantity(quantity)?.nanos ?? 0n);
