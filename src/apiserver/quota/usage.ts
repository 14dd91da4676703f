// What an object takes of a quota (kubernetes pkg/quota/v1/evaluator/core, 1.36). Pure.
import { type Amounts, amountsOf, count, sumOf } from '../../k8s/amounts.ts';
import type { PersistentVolumeClaim, Pod, Service } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import { podAmounts } from '../../k8s/pod-amounts.ts';
import { isPodFinished } from '../../k8s/pod-state.ts';
import { type ParsedQuantity, roundUpToWhole } from '../../k8s/quantity.ts';
import type { Resource } from '../../k8s/resources.ts';

type Names = Pick<Resource, 'group' | 'resource'>;

/** `count/pods`, `count/deployments.apps` */
const countName = ({ group, resource }: Names): string =>
  `count/${group === '' ? resource : `${resource}.${group}`}`;

/** By the names of a quota's `hard`. A pod that has finished takes no more than its place among the objects. */
export const usageOf = (resource: Names, object: KubeObject): Amounts => {
  const own: Amounts = new Map([[countName(resource), count(1)]]);
  if (resource.group !== '') return own;
  switch (resource.resource) {
    case 'pods':
      return isPodFinished(object as Pod) ? own : sumOf(own, podUsage(object as Pod));
    case 'services':
      return sumOf(own, serviceUsage(object as Service));
    case 'persistentvolumeclaims':
      return sumOf(own, claimUsage(object as PersistentVolumeClaim));
    case 'configmaps':
    case 'secrets':
    case 'resourcequotas':
    case 'replicationcontrollers':
      return new Map([...own, [resource.resource, count(1)]]);
    default:
      return own;
  }
};

const podUsage = ({ spec }: Pod): Amounts => {
  const requests = podAmounts(spec!, 'requests');
  const limits = podAmounts(spec!, 'limits');
  return new Map([['pods', count(1)], ...computeNames(requests, limits)]);
};

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];

/** What requests and limits are called in quotas: of huge pages and of extended resources only requests count. */
export const computeNames = (
  requests: Amounts,
  limits: Amounts,
): readonly (readonly [string, ParsedQuantity])[] => [
  ...[...requests].flatMap(([name, quantity]) => [
    ...(COMPUTE.includes(name) || name.startsWith('hugepages-') ? [[name, quantity] as const] : []),
    [`requests.${name}`, quantity] as const,
  ]),
  ...[...limits]
    .filter(([name]) => COMPUTE.includes(name))
    .map(([name, quantity]) => [`limits.${name}`, quantity] as const),
];

const serviceUsage = ({ spec }: Service): Amounts => {
  const ports = spec?.ports ?? [];
  const isBalanced = spec?.type === 'LoadBalancer';
  const allocates = spec?.type === 'NodePort' || (isBalanced && spec.allocateLoadBalancerNodePorts !== false);
  const nodePorts = allocates ? ports : isBalanced ? ports.filter(({ nodePort }) => nodePort) : [];
  return new Map([
    ['services', count(1)],
    ['services.nodeports', count(nodePorts.length)],
    ['services.loadbalancers', count(isBalanced ? 1 : 0)],
  ]);
};

const claimUsage = ({ metadata, spec, status }: PersistentVolumeClaim): Amounts => {
  const storageClass =
    metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
  const requested = amountsOf(spec?.resources?.requests).get('storage');
  const allocated = amountsOf(status?.allocatedResources).get('storage');
  const larger = requested && allocated && allocated.nanos > requested.nanos ? allocated : requested;
  const usage: readonly (readonly [string, ParsedQuantity])[] = [
    ['persistentvolumeclaims', count(1)],
    ...(larger ? [['requests.storage', roundUpToWhole(larger)] as const] : []),
  ];
  const ofClass = usage.map(
    ([name, quantity]) => [`${storageClass}.storageclass.storage.k8s.io/${name}`, quantity] as const,
  );
  return new Map([...usage, ...(storageClass === '' ? [] : ofClass)]);
};
