// Cluster IPs and node ports for Services. An address is taken by an IPAddress object that is written with the Service;
// node ports live in memory, in a pool that is filled from the stored Services before the first write.
import type { Service, ServiceSpec } from '../../k8s/generated/types.ts';
import { services } from '../../k8s/resources.ts';
import type { Mutable } from '../defaults/mutable.ts';
import type { AdmissionContext, Allocation } from '../kind.ts';
import { addressLedger } from './address-ledger.ts';
import { addressCompanions, chooseClusterIps } from './cluster-ips.ts';
import { chooseIpFamilies } from './ip-families.ts';
import { type NodePortPool, createNodePortPool } from './node-port-pool.ts';
import { allocateNodePorts, ownedNodePorts } from './node-ports.ts';
import { type IpFamily, type ServiceRanges, familiesOf } from './service-ranges.ts';
import { type Transaction, startTransaction } from './transaction.ts';

export type AllocateService = (
  draft: Mutable<Service> | undefined,
  before: Service | undefined,
  context: AdmissionContext,
) => Allocation;

export const createServiceAllocator = (ranges: ServiceRanges): AllocateService => {
  const families = familiesOf(ranges);
  const nodePorts = createNodePortPool(ranges.nodePortRange);
  let isFilled = false;
  return (draft, before, context) => {
    if (!isFilled) fill(nodePorts, context.list(services));
    isFilled = true;
    const ports = startTransaction(nodePorts, context.dryRun);
    if (!draft?.spec) return release(before, ports, context);
    try {
      return allocate({ draft, spec: draft.spec, before, families, ports }, context);
    } catch (error) {
      ports.rollback();
      throw error;
    }
  };
};

const fill = (nodePorts: NodePortPool, stored: readonly Pick<Service, 'spec'>[]): void => {
  for (const { spec } of stored) for (const port of ownedNodePorts(spec)) nodePorts.take(port);
};

type Request = {
  readonly draft: Mutable<Service>;
  readonly spec: Mutable<ServiceSpec>;
  readonly before: Service | undefined;
  readonly families: readonly IpFamily[];
  readonly ports: Transaction;
};

const allocate = (
  { draft, spec, before, families, ports }: Request,
  context: AdmissionContext,
): Allocation => {
  const familyErrors = chooseIpFamilies(spec, before?.spec, families);
  const errors =
    familyErrors.length > 0
      ? familyErrors
      : [
          ...chooseClusterIps(spec, before?.spec, addressLedger(context)),
          ...allocateNodePorts(spec, before?.spec, ports),
        ];
  if (errors.length === 0) return granted(ports, addressCompanions(draft, before, context));
  ports.rollback();
  return { ok: false, errors };
};

const release = (before: Service | undefined, ports: Transaction, context: AdmissionContext): Allocation => {
  for (const port of ownedNodePorts(before?.spec)) ports.release(port);
  return granted(ports, addressCompanions(undefined, before, context));
};

const granted = (
  { commit, rollback }: Transaction,
  companions: Extract<Allocation, { readonly ok: true }>['companions'] = [],
): Allocation => ({ ok: true, companions, commit, rollback });
