// Which flows somebody wants to see: the query of a request, made by the command line and read by the node.
import type { Flow } from './flow.ts';

export type FlowFilter = {
  readonly verdict?: 'allowed' | 'denied' | undefined;
  /** `NAMESPACE/NAME`, or the name of a cluster-wide policy. */
  readonly policy?: string | undefined;
  /** `NAMESPACE/NAME` of one of the ends. */
  readonly pod?: string | undefined;
  /** How far back, in seconds; everything that is remembered if left out. */
  readonly sinceSeconds?: number | undefined;
  /** Also those that come. */
  readonly follow?: boolean | undefined;
};

export const filterQuery = ({ verdict, policy, pod, sinceSeconds, follow }: FlowFilter): URLSearchParams =>
  new URLSearchParams({
    ...(verdict && { verdict }),
    ...(policy !== undefined && { policy }),
    ...(pod !== undefined && { pod }),
    ...(sinceSeconds !== undefined && { since: String(sinceSeconds) }),
    ...(follow && { follow: 'true' }),
  });

/** Undefined for a query that makes no sense. */
export const parseFilter = (query: URLSearchParams): FlowFilter | undefined => {
  const verdict = query.get('verdict') ?? undefined;
  const since = query.get('since') ?? undefined;
  if (verdict !== undefined && verdict !== 'allowed' && verdict !== 'denied') return undefined;
  if (since !== undefined && !/^\d{1,9}$/.test(since)) return undefined;
  return {
    verdict,
    policy: query.get('policy') ?? undefined,
    pod: query.get('pod') ?? undefined,
    sinceSeconds: since === undefined ? undefined : Number(since),
    follow: query.get('follow') === 'true',
  };
};

/** Whether the flow is one of those; how long ago it was is not asked here. */
export const isWanted = ({ verdict, policy, pod }: FlowFilter, flow: Flow): boolean => {
  if (verdict !== undefined && flow.verdict !== verdict) return false;
  if (
    pod !== undefined &&
    ![flow.source, flow.destination].some((end) => `${end.namespace}/${end.pod}` === pod)
  )
    return false;
  return (
    policy === undefined ||
    [flow.egress, flow.ingress].some((reason) => reason?.policies.some((text) => nameIn(text) === policy))
  );
};

/** `NetworkPolicy shop/web` -> `shop/web` */
const nameIn = (policy: string): string => policy.slice(policy.indexOf(' ') + 1);
