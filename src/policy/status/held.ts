// What an agent's kernel holds of a kind of policies, as one short text: agents and the controller come to the same text
// when they have seen the same changes, whatever came between.
import { hash } from 'node:crypto';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';

export type Held = {
  /** Takes in the policy as it is now; undefined: there is none any more. */
  readonly set: (key: string, policy: Stored<KubeObject> | undefined) => void;
  /** 16 hexadecimal digits. */
  readonly text: () => string;
};

/**
 * The exclusive or of a hash of each policy's uid and generation: a change costs the same however many there are, their
 * order does not matter, and a change of the status alone is none.
 */
export const createHeld = (): Held => {
  const hashByKey = new Map<string, bigint>();
  let sum = 0n;
  return {
    set: (key, policy) => {
      sum ^= hashByKey.get(key) ?? 0n;
      if (!policy) return void hashByKey.delete(key);
      const own = hashOf(policy);
      hashByKey.set(key, own);
      sum ^= own;
    },
    text: () => sum.toString(16).padStart(16, '0'),
  };
};

/** On an agent's Lease, what it holds of this kind. */
export const heldAnnotation = ({ resource }: Resource): string => `podnet.dev/held-${resource}`;

/** The namespace of the Leases of nodes, which have the nodes' names. */
export const LEASE_NAMESPACE = 'kube-node-lease';

const hashOf = ({ metadata: { uid, generation = 0 } }: Stored<KubeObject>): bigint =>
  BigInt(`0x${hash('sha256', `${uid}:${generation}`).slice(0, 16)}`);
