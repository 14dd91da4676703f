// A pod's priority, from its class (kubernetes plugin/pkg/admission/priority).
import type { Pod, PriorityClass } from '../../k8s/generated/types.ts';
import { pods, priorityClasses } from '../../k8s/resources.ts';
import type { Mutable } from '../defaults/mutable.ts';
import type { AdmissionContext } from '../kind.ts';
import { forbidden } from '../status-errors.ts';

/** Throws ApiError 403 for a class that is not there, and for a number that is not the class's. */
export const admitPriority = (pod: Mutable<Pod>, context: AdmissionContext): void => {
  const spec = pod.spec!;
  const refuse = (why: string): never => {
    throw forbidden(pods, pod.metadata?.name ?? '', why);
  };
  const chosen = spec.priorityClassName
    ? (context.get(priorityClasses, spec.priorityClassName) ??
      refuse(`no PriorityClass with name ${spec.priorityClassName} was found`))
    : defaultClass(context);
  const priority = chosen?.value ?? 0;
  if (spec.priority !== undefined && spec.priority !== priority)
    refuse(
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    );
  const policy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority';
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
    refuse(
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  if (chosen) spec.priorityClassName = chosen.metadata.name;
  spec.priority = priority;
  spec.preemptionPolicy = policy;
};

const defaultClass = ({ list }: AdmissionContext) =>
  list<PriorityClass>(priorityClasses)
    .filter(({ globalDefault }) => globalDefault)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];

/** Throws ApiError 403: pods without a class get one priority, not one of two. */
export const refuseSecondDefault = (object: PriorityClass, context: AdmissionContext): void => {
  const present = object.globalDefault ? defaultClass(context) : undefined;
  const name = object.metadata?.name ?? '';
  if (present && present.metadata.name !== name)
    throw forbidden(
      priorityClasses,
      name,
      `PriorityClass ${present.metadata.name} is already marked as default. Only one default can exist`,
    );
};
