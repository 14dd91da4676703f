// What a runtime asks of the pod network: the CNI's ADD and DEL, in process.
import type { PodIdentity, PortMapping } from './runtime.ts';

export type Attachment = {
  /** Addresses without prefix length, in the cluster's family order. */
  readonly ips: readonly string[];
  readonly mtuBytes: number;
};

export type SandboxNetwork = {
  /** Gives the namespace at `netnsPath` its eth0, addresses and routes. Rejects when no address is left. */
  readonly attach: (sandboxId: string, pod: PodIdentity, netnsPath: string) => Promise<Attachment>;
  /** Leads these ports of the node to an attached sandbox, and no others. */
  readonly publish: (sandboxId: string, portMappings: readonly PortMapping[]) => void;
  /** Takes ports and interface away, then releases the addresses. Idempotent; works when the namespace is gone. */
  readonly detach: (sandboxId: string, netnsPath: string) => Promise<void>;
};
