// resourceFieldRef: a container's requests and limits as text (pkg/api/v1/resource/helpers.go).
import type { Container, Pod, ResourceFieldSelector } from '../../k8s/generated/types.ts';
import { quantityMillis, quantityValue } from '../../k8s/quantity.ts';

export type NodeCapacity = { readonly cpuMillis: number; readonly memoryBytes: number };

/** The value in units of the divisor, rounded up; a limit that is not set is the node's capacity. */
export const resourceFieldValue = (
  selector: ResourceFieldSelector,
  container: Container,
  capacity: NodeCapacity,
): string => {
  const [kind, resource] = selector.resource.split(/\.(.*)/) as [string, string | undefined];
  if ((kind !== 'limits' && kind !== 'requests') || !resource)
    throw new Error(`unsupported container resource : ${selector.resource}`);
  const { limits, requests } = container.resources ?? {};
  const given = kind === 'limits' ? limits?.[resource] : (requests?.[resource] ?? limits?.[resource]);
  const divisor = selector.divisor === undefined || isZero(selector.divisor) ? '1' : selector.divisor;
  const amount = given === undefined ? undeclared(kind, resource, capacity) : quantityMillis(given)!;
  return String(Math.ceil(amount / quantityMillis(divisor)!));
};

/** In thousandths, as all amounts here. */
const undeclared = (kind: string, resource: string, capacity: NodeCapacity): number => {
  if (kind === 'requests') return 0;
  if (resource === 'cpu') return capacity.cpuMillis;
  return resource === 'memory' ? capacity.memoryBytes * 1000 : 0;
};

const isZero = (divisor: string | number): boolean => quantityValue(divisor) === 0;

/** The container that a volume's or variable's selector speaks of. */
export const containerNamed = (pod: Pod, name: string): Container => {
  const { containers, initContainers = [] } = pod.spec ?? { containers: [] };
  const found = [...containers, ...initContainers].find((container) => container.name === name);
  if (!found) throw new Error(`container ${name} not found`);
  return found;
};
