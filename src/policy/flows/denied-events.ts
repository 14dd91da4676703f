// Tells of denied connections on the pod whose policies denied them, as `kubectl describe pod` shows. Some for each pod and
// some for the node, then a few now and then: a pod that is knocked at a thousand times a second costs no more writes.
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { pods } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { FlowEnd, FlowReason } from './flow.ts';
import type { SeenFlow } from './flow-table.ts';

export type DeniedEventsOptions = {
  readonly recorder: EventRecorder;
  /** By `namespace/name`. */
  readonly podOf: (key: string) => Stored<Pod> | undefined;
  readonly clock: Clock;
};

type Bucket = { tokens: number; filledMs: number };
type Refill = { readonly burst: number; readonly everyMs: number };

const OF_POD: Refill = { burst: 10, everyMs: 60_000 };
const OF_NODE: Refill = { burst: 50, everyMs: 1000 };
/** Pods whose bucket is remembered; one that was forgotten begins with a full one. */
const PODS_MAX = 1024;

/** Call it with each connection that was denied. */
export const createDeniedEvents = ({
  recorder,
  podOf,
  clock,
}: DeniedEventsOptions): ((flow: SeenFlow) => void) => {
  const byPod = new Map<string, Bucket>();
  const ofNode = fullBucket(OF_NODE, clock.now());
  const bucketOf = (uid: string): Bucket => {
    const bucket = byPod.get(uid) ?? fullBucket(OF_POD, clock.now());
    byPod.delete(uid);
    byPod.set(uid, bucket);
    const oldest = byPod.keys().next();
    if (byPod.size > PODS_MAX && !oldest.done) byPod.delete(oldest.value);
    return bucket;
  };
  return (flow) => {
    const { namespace, pod: name } = flow.deniedBy === 'egress' ? flow.source : flow.destination;
    const pod = name === undefined ? undefined : podOf(`${namespace}/${name}`);
    if (!pod) return;
    const bucket = bucketOf(pod.metadata.uid);
    const nowMs = clock.now();
    if (!hasToken(bucket, OF_POD, nowMs) || !hasToken(ofNode, OF_NODE, nowMs)) return;
    bucket.tokens--;
    ofNode.tokens--;
    const message = deniedText(flow);
    recorder.record(pods, pod, { type: 'Warning', reason: 'NetworkPolicyDenied', message });
  };
};

/** `egress to shop/db-0 (10.244.1.7) TCP port 5432: isolated by NetworkPolicy default/client, no rule allows it` */
export const deniedText = ({
  deniedBy,
  source,
  destination,
  protocol,
  port,
  egress,
  ingress,
}: SeenFlow): string => {
  const isEgress = deniedBy === 'egress';
  const peer = isEgress ? `egress to ${endText(destination)}` : `ingress from ${endText(source)}`;
  const reason = isEgress ? egress : ingress;
  return `${peer} ${protocol}${port === undefined ? '' : ` port ${port}`}: ${reason ? reasonText(reason) : OTHERWISE}`;
};

const OTHERWISE = 'dropped before the policies changed, as they are now they allow it';

const reasonText = ({ because, policies, rule }: FlowReason): string => {
  const names = policies.join(', ');
  switch (because) {
    case 'rule':
      return `denied by ${names}, rule ${rule}`;
    case 'isolated':
      return `isolated by ${names}, no rule allows it`;
    case 'pending':
      return 'dropped before the policies of this new pod were in the kernel';
    case 'changed':
    case 'no policy':
      return OTHERWISE;
  }
};

const endText = ({ address, namespace, pod, node }: FlowEnd): string => {
  if (pod !== undefined) return `${namespace}/${pod} (${address})`;
  return node === undefined ? address : `node ${node} (${address})`;
};

const fullBucket = ({ burst }: Refill, nowMs: number): Bucket => ({ tokens: burst, filledMs: nowMs });

/** Puts in first what has come due. */
const hasToken = (bucket: Bucket, { burst, everyMs }: Refill, nowMs: number): boolean => {
  const due = Math.floor((nowMs - bucket.filledMs) / everyMs);
  bucket.tokens = Math.min(burst, bucket.tokens + due);
  bucket.filledMs += due * everyMs;
  return bucket.tokens > 0;
};
