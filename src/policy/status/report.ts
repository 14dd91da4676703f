// A node agent says which policies its kernel holds, on the Lease of its node: an object that few watch, that the node may
// write, and that its kubelet renews without touching what others have put there.
import type { ApiClient } from '../../client/client.ts';
import { isNotFound } from '../../k8s/api-error.ts';
import { leases } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import { LEASE_NAMESPACE, heldAnnotation } from './held.ts';

export type HeldReport = {
  /** The kernel holds this much now; written in the background if it is news. */
  readonly report: (resource: Resource, held: string) => void;
  readonly stop: () => Promise<void>;
};

export type HeldReportOptions = {
  readonly client: Pick<ApiClient, 'patch'>;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
};

/** A Lease that somebody has made anew gets what the old one had within this time. */
const AGAIN_MS = 60_000;

export const startHeldReport = ({ client, nodeName, clock, log }: HeldReportOptions): HeldReport => {
  const annotations = new Map<string, string>();
  const loop = startKeyedLoop({
    name: 'policies-held',
    concurrency: 1,
    retryMs: 50,
    retryMsMax: 5000,
    isExpected: isNotFound, // its kubelet makes the Lease
    reconcile: async () => {
      const patch = { metadata: { annotations: Object.fromEntries(annotations) } };
      const ref = { namespace: LEASE_NAMESPACE, name: nodeName };
      await client.patch(leases, ref, patch, { type: 'application/merge-patch+json' });
      return { afterMs: AGAIN_MS };
    },
    clock,
    log,
  });
  return {
    report: (resource, held) => {
      const name = heldAnnotation(resource);
      if (annotations.get(name) === held) return;
      annotations.set(name, held);
      loop.mark('lease');
    },
    stop: () => loop.stop(),
  };
};
