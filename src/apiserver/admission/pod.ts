// What kube-apiserver's default admission plugins add to a new pod, and the status it starts with.
import type { LimitRange, Pod, PodSpec, Toleration } from '../../k8s/generated/types.ts';
import { limitRanges } from '../../k8s/resources.ts';
import type { Mutable } from '../defaults/mutable.ts';
import type { AdmissionContext } from '../kind.ts';
import { defaultLimits } from './limits/default-limits.ts';
import { admitPriority } from './priority.ts';
import { qosClassOf } from './qos-class.ts';
import { admitRuntimeClass } from './runtime-class.ts';
import { admitServiceAccount } from './service-account.ts';

export const admitPod = (pod: Mutable<Pod>, context: AdmissionContext): void => {
  defaultLimits(pod, limitRangesOf(pod, context));
  admitServiceAccount(pod, context);
  admitPriority(pod, context);
  admitRuntimeClass(pod, context);
  tolerateLostNodes(pod.spec!);
};

const limitRangesOf = ({ metadata }: Mutable<Pod>, { listIn }: AdmissionContext): readonly LimitRange[] =>
  listIn(limitRanges, metadata?.namespace ?? '');

/** Plugin DefaultTolerationSeconds: five minutes until a pod is evicted from a node that is gone. */
const tolerateLostNodes = (spec: Mutable<PodSpec>): void => {
  const tolerations = spec.tolerations ?? [];
  const missing = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].filter(
    (key) => !tolerations.some((toleration) => toleratesEviction(toleration, key)),
  );
  const added = missing.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  }));
  if (added.length > 0) spec.tolerations = [...tolerations, ...added];
};

const toleratesEviction = ({ key, effect }: Toleration, taint: string): boolean =>
  (!key || key === taint) && (!effect || effect === 'NoExecute');

export const initialStatus = ({ spec }: Mutable<Pod>): Mutable<NonNullable<Pod['status']>> => ({
  phase: 'Pending',
  ...(spec!.schedulingGates?.length ? { conditions: [GATED] } : {}),
  qosClass: qosClassOf(spec!),
});

const GATED = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};
