// What the runtime is asked to create for one container of a pod.
import type { Container, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { quantityMillis, quantityValue } from '../../k8s/quantity.ts';
import type { ContainerConfig, Mount } from '../../runtime/runtime.ts';
import { expand } from '../env/expand.ts';
import type { Variable } from '../env/service-env.ts';
import { containerSecurity } from './security.ts';

export type ContainerFacts = {
  readonly pod: Stored<Pod>;
  readonly attempt: number;
  readonly imageId: string;
  readonly env: readonly Variable[];
  readonly mounts: readonly Mount[];
  readonly logPath: string;
  /** The node's. */
  readonly memoryBytes: number;
};

export const containerConfig = (container: Container, facts: ContainerFacts): ContainerConfig => {
  const values = new Map(facts.env.map(({ name, value }) => [name, value]));
  const expandAll = (texts: readonly string[] = []): readonly string[] =>
    texts.map((text) => expand(text, (name) => values.get(name)));
  return {
    name: container.name,
    attempt: facts.attempt,
    imageId: facts.imageId,
    command: expandAll(container.command),
    args: expandAll(container.args),
    workingDir: container.workingDir,
    env: facts.env,
    mounts: facts.mounts,
    logPath: facts.logPath,
    pidsOf: targetOf(facts.pod, container),
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    security: containerSecurity(facts.pod, container),
    resources: { ...resourcesOf(container), oomScoreAdj: oomScore(facts, container) },
  };
};

/** Of an ephemeral container. */
const targetOf = ({ spec }: Pod, { name }: Container): string | undefined =>
  spec?.ephemeralContainers?.find((each) => each.name === name)?.targetContainerName;

/** The kernel's least cpu.shares (cgroup v1); runtimes translate it for v2. */
const MIN_SHARES = 2;

const resourcesOf = ({ resources }: Container): ContainerConfig['resources'] => {
  const { cpu: cpuLimit, memory } = resources?.limits ?? {};
  const cpuRequest = resources?.requests?.['cpu'] ?? cpuLimit;
  const cpuMillis = cpuLimit === undefined ? undefined : quantityMillis(cpuLimit);
  const memoryBytes = memory === undefined ? undefined : quantityValue(memory);
  const requestMillis = cpuRequest === undefined ? 0 : (quantityMillis(cpuRequest) ?? 0);
  return {
    ...(cpuMillis ? { cpuMillis } : {}),
    ...(memoryBytes ? { memoryBytes: Math.floor(memoryBytes) } : {}),
    cpuShares: Math.max(MIN_SHARES, Math.floor((requestMillis * 1024) / 1000)),
  };
};

/** Who is killed first when the node's memory runs out (pkg/kubelet/qos/policy.go). */
const oomScore = ({ pod, memoryBytes }: ContainerFacts, { resources }: Container): number => {
  const { qosClass } = pod.status ?? {};
  if (qosClass === 'Guaranteed') return -997;
  if (qosClass !== 'Burstable') return 1000;
  const requested = quantityValue(resources?.requests?.['memory'] ?? 0) ?? 0;
  return Math.min(Math.max(3, Math.floor(1000 - (1000 * requested) / memoryBytes)), 999);
};
