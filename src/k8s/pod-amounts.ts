// What a pod asks for and may use, all of its containers together (k8s.io/component-helpers/resource/helpers.go, 1.36).
import { type Amounts, amountsOf, largestOf, sumOf } from './amounts.ts';
import type { Container, PodSpec } from './generated/types.ts';
import { isSidecar } from './pod-state.ts';

type Side = 'requests' | 'limits';

/**
 * Without the overhead of the pod itself. What the containers take together, or the largest init container if that is
 * more; sidecars run beside the containers, and beside the init containers that come after them. What the pod as a whole
 * says of CPU, memory and huge pages goes first.
 * https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
 */
export const containerAmounts = (spec: PodSpec, side: Side): Amounts => {
  const { containers, initContainers = [], resources } = spec;
  const of = (container: Container): Amounts => amountsOf(container.resources?.[side]);
  let [sidecars, starting]: Amounts[] = [new Map(), new Map()];
  for (const container of initContainers) {
    const own = sumOf(of(container), sidecars!);
    if (isSidecar(container)) sidecars = own;
    starting = largestOf(starting!, own);
  }
  const together = largestOf(sumOf(...(containers ?? []).map(of), sidecars!), starting!);
  const whole = [...amountsOf(resources?.[side])].filter(([name]) => isOfWholePods(name));
  return new Map([...together, ...whole]);
};

const isOfWholePods = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/** With the overhead; of the limits only where there is one. */
export const podAmounts = (spec: PodSpec, side: Side): Amounts => {
  const amounts = containerAmounts(spec, side);
  const overhead = [...amountsOf(spec.overhead)].filter(
    ([name]) => side === 'requests' || (amounts.get(name)?.nanos ?? 0n) > 0n,
  );
  return sumOf(amounts, new Map(overhead));
};
