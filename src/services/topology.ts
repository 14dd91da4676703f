// Which of a Service's endpoints this node sends a connection to. Rules: KEP-1669 (terminating endpoints), KEP-2086
// (internal traffic policy), KEP-3015 and KEP-4444 (hints); the same as kube-proxy's pkg/proxy/topology.go (1.36).
import type { Candidate } from './select.ts';

export type Site = { readonly nodeName: string; readonly zone: string | undefined };

/**
 * For policy Cluster: the ready endpoints, those that the hints give this node if all have hints; if none is ready, those
 * that still serve while they terminate.
 */
export const clusterEndpoints = (candidates: readonly Candidate[], site: Site): readonly Candidate[] => {
  const ready = candidates.filter(({ isReady }) => isReady);
  return ready.length > 0 ? byHints(ready, site) : candidates.filter(isLastResort);
};

/** For policy Local: the same choice among the endpoints on this node; hints do not count. */
export const localEndpoints = (candidates: readonly Candidate[], site: Site): readonly Candidate[] => {
  const local = candidates.filter(({ nodeName }) => nodeName === site.nodeName);
  const ready = local.filter(({ isReady }) => isReady);
  return ready.length > 0 ? ready : local.filter(isLastResort);
};

const isLastResort = ({ isServing, isTerminating }: Candidate): boolean => isServing && isTerminating;

/** One endpoint without a hint of a level switches that level off; so does a level that leaves this node nothing. */
const byHints = (ready: readonly Candidate[], { nodeName, zone }: Site): readonly Candidate[] => {
  if (ready.every(({ forNodes }) => forNodes?.length)) {
    const near = ready.filter(({ forNodes }) => forNodes!.includes(nodeName));
    if (near.length > 0) return near;
  }
  if (zone !== undefined && ready.every(({ forZones }) => forZones?.length)) {
    const near = ready.filter(({ forZones }) => forZones!.includes(zone));
    if (near.length > 0) return near;
  }
  return ready;
};
