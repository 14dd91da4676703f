// Who has to know of a pod's addresses before the pod can send: what enforces policies. The composition root gives it.
import type { PodIdentity } from '../runtime/runtime.ts';

export type AddressGate = {
  /** Called before the pod has a wire: nothing passes with these addresses from now on. A throw keeps the pod from its wire. */
  readonly close: (pod: PodIdentity, addresses: readonly string[]) => void;
  /** Resolves when what may pass passes, and in any case after some time. */
  readonly whenOpen: (pod: PodIdentity) => Promise<void>;
  /** The wire is gone, the addresses are nobody's. Idempotent. */
  readonly release: (addresses: readonly string[]) => void;
};

export const NO_GATE: AddressGate = { close: () => {}, whenOpen: async () => {}, release: () => {} };
