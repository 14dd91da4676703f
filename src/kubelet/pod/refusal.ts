// What a pod may ask for and cannot have here: it ends at once, and says why, as a pod does that kubelet does not admit.
import type { PodSpec } from '../../k8s/generated/types.ts';

export type Refusal = { readonly reason: string; readonly message: string };

/** The machine's processes are those of all nodes and of podnet itself: an embedded node has none of its own to show. */
export const refusalOf = (spec: PodSpec | undefined): Refusal | undefined => {
  const asked = (['hostPID', 'hostIPC'] as const).filter((field) => spec?.[field]);
  if (asked.length === 0) return undefined;
  return {
    reason: 'HostNamespaceForbidden',
    message: `Pod was rejected: podnet does not support ${asked.map((field) => `spec.${field}`).join(' and ')}`,
  };
};
