// What a pod gets from its runtime class (kubernetes plugin/pkg/admission/runtimeclass).
import type { Pod, PodSpec, RuntimeClass } from '../../k8s/generated/types.ts';
import { pods, runtimeClasses } from '../../k8s/resources.ts';
import { equalJson } from '../../lang/json.ts';
import type { Mutable } from '../defaults/mutable.ts';
import type { AdmissionContext } from '../kind.ts';
import { forbidden } from '../status-errors.ts';

/** Overhead, node selector and tolerations. Throws ApiError 403 for an unknown class and for what contradicts it. */
export const admitRuntimeClass = (pod: Mutable<Pod>, { get }: AdmissionContext): void => {
  const spec = pod.spec!;
  const refuse = (why: string): never => {
    throw forbidden(pods, pod.metadata?.name ?? '', why);
  };
  const name = spec.runtimeClassName;
  const found = name === undefined ? undefined : get(runtimeClasses, name);
  if (name !== undefined && !found) refuse(`pod rejected: RuntimeClass "${name}" not found`);
  setOverhead(spec, found?.overhead, refuse);
  if (found?.scheduling) setScheduling(spec, found.scheduling as Mutable<Scheduling>, refuse);
};

type Refuse = (why: string) => never;
type Scheduling = NonNullable<RuntimeClass['scheduling']>;

const setOverhead = (spec: Mutable<PodSpec>, overhead: RuntimeClass['overhead'], refuse: Refuse): void => {
  if (!overhead) {
    if (spec.overhead)
      refuse('pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    return;
  }
  const own = spec.overhead ?? {};
  if (Object.keys(own).length > 0 && !equalJson(own, overhead.podFixed ?? {}))
    refuse("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  if (overhead.podFixed) spec.overhead = { ...overhead.podFixed };
};

const setScheduling = (spec: Mutable<PodSpec>, scheduling: Mutable<Scheduling>, refuse: Refuse): void => {
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value)
      refuse(
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
  }
  if (scheduling.nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...scheduling.nodeSelector };
  const own = spec.tolerations ?? [];
  const added = (scheduling.tolerations ?? []).filter((each) => !own.some((other) => equalJson(each, other)));
  if (added.length > 0) spec.tolerations = [...own, ...added];
};
