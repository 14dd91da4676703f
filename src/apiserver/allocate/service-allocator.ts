// Cluster IPs and node ports for Services. The pools live in memory: they are filled from the stored Services before
// the first write, so nothing has to be saved or repaired.
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { services } from '../../k8s/resources.ts';
import type { Mutable } from '../defaults/mutable.ts';
import type { AdmissionContext, Allocation } from '../kind.ts';
import { allocateClusterIps, ownedClusterIps, poolOf } from './cluster-ips.ts';
import { chooseIpFamilies } from './ip-families.ts';
import { allocateNodePorts, ownedNodePorts } from './node-ports.ts';
import { type ServicePools, type ServiceRanges, createServicePools } from './service-pools.ts';
import { type Transaction, startTransaction } from './transaction.ts';

export type AllocateService = (
  draft: Mutable<Service> | undefined,
  before: Service | undefined,
  context: AdmissionContext,
) => Allocation;

export const createServiceAllocator = (ranges: ServiceRanges): AllocateService => {
  const pools = createServicePools(ranges);
  let isFilled = false;
  return (draft, before, context) => {
    if (!isFilled) fill(pools, context.list(services));
    isFilled = true;
    const transaction = startTransaction(context.dryRun);
    if (!draft?.spec) return release(before, pools, transaction);
    try {
      return allocate(draft.spec, before?.spec, pools, transaction);
    } catch (error) {
      transaction.rollback();
      throw error;
    }
  };
};

const fill = (pools: ServicePools, stored: readonly Pick<Service, 'spec'>[]): void => {
  for (const { spec } of stored) {
    for (const ip of ownedClusterIps(spec)) poolOf(pools, ip).take(ip);
    for (const port of ownedNodePorts(spec)) pools.nodePorts.take(port);
  }
};

const allocate = (
  spec: Mutable<ServiceSpec>,
  before: ServiceSpec | undefined,
  pools: ServicePools,
  transaction: Transaction,
): Allocation => {
  const familyErrors = chooseIpFamilies(spec, before, pools.families);
  const errors =
    familyErrors.length > 0
      ? familyErrors
      : [
          ...allocateClusterIps(spec, before, pools, transaction),
          ...allocateNodePorts(spec, before, pools.nodePorts, transaction),
        ];
  if (errors.length === 0) return transaction.result();
  transaction.rollback();
  return { ok: false, errors };
};

const release = (before: Service | undefined, pools: ServicePools, transaction: Transaction): Allocation => {
  for (const ip of ownedClusterIps(before?.spec)) transaction.release(poolOf(pools, ip), ip);
  for (const port of ownedNodePorts(before?.spec)) transaction.release(pools.nodePorts, port);
  return transaction.result();
};
