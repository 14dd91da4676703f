// Rules for nodes.
import { duplicate, forbidden, invalid } from '../../k8s/field-errors.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Node } from '../../k8s/generated/types.ts';
import { ipPrefix, isDualStack } from './addresses.ts';
import { type FieldErrors, each, eachEntry, repeatedIndexes, when } from './compose.ts';
import { resourceQuantity } from './resources.ts';
import { taints } from './scheduling.ts';

export const validateNode = ({ spec, status }: Node): FieldErrors => [
  ...taints(spec?.taints, 'metadata.taints'), // kube-apiserver looks for them there
  ...eachEntry(status?.capacity, 'status.capacity', resourceQuantity),
  ...eachEntry(status?.allocatable, 'status.allocatable', resourceQuantity),
  ...podCidrs(spec?.podCIDRs ?? [], 'spec.podCIDRs'),
];

const podCidrs = (cidrs: readonly string[], path: string): FieldErrors => [
  ...each(cidrs, path, ipPrefix),
  ...when(cidrs.length > 2 || (cidrs.length === 2 && !isDualStack(cidrs)), () =>
    invalid(path, cidrs, 'may specify no more than one CIDR for each IP family'),
  ),
  ...repeatedIndexes(cidrs, (cidr) => cidr).map((index) => duplicate(`${path}[${index}]`, cidrs[index])),
];

export const validateNodeUpdate = ({ spec, status }: Node, before: Node): FieldErrors => {
  const cidrs = before.spec?.podCIDRs ?? [];
  const provider = before.spec?.providerID;
  const text = (field: string): string => `node updates may not change ${field} except from "" to valid`;
  return [
    ...repeatedIndexes(status?.addresses, ({ type, address }) => `${type} ${address}`).map((index) =>
      duplicate(`status.addresses[${index}]`, status!.addresses![index]),
    ),
    ...when(cidrs.length > 0 && !isDeepStrictEqual(cidrs, spec?.podCIDRs), () =>
      forbidden('spec.podCIDRs', text('podCIDR')),
    ),
    ...when(!!provider && spec?.providerID !== provider, () =>
      forbidden('spec.providerID', text('providerID')),
    ),
  ];
};
