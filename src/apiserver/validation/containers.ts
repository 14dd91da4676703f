// Rules for the containers of a pod.
import { duplicate, forbidden, invalid, notFound, required } from '../../k8s/field-errors.ts';
import type { Container, EphemeralContainer, PodSpec } from '../../k8s/generated/types.ts';
import { isSidecar } from '../../k8s/pod-state.ts';
import { type FieldErrors, each, repeatedIndexes, when } from './compose.ts';
import { containerPorts, hostPortConflicts } from './container-ports.ts';
import { environment, environmentFrom } from './env.ts';
import { probesAndHooks } from './probes.ts';
import { resourceRequirements } from './resources.ts';
import { oneOf, optionalOneOf } from './scalars.ts';
import { containerSecurity } from './security-context.ts';
import { requiredDnsLabel } from './texts.ts';
import { type VolumesByName, volumeDevices, volumeMounts } from './volume-mounts.ts';

/** What the rules of a container need to know about its pod. */
type PodFacts = {
  readonly volumes: VolumesByName;
  readonly usesHostUsers: boolean;
  readonly graceSeconds: number | undefined;
};

const factsOf = ({ volumes, hostUsers, terminationGracePeriodSeconds }: PodSpec): PodFacts => ({
  volumes: new Map((volumes ?? []).map((volume) => [volume.name, volume])),
  usesHostUsers: hostUsers !== false,
  graceSeconds: terminationGracePeriodSeconds,
});

export const containers = (spec: PodSpec, path: string): FieldErrors => {
  if (!spec.containers?.length) return [required(path)];
  const facts = factsOf(spec);
  const repeated = new Set(repeatedIndexes(spec.containers, ({ name }) => name));
  return [
    ...each(spec.containers, path, (container, at, index) => [
      ...anyContainer(container, facts, at),
      ...when(repeated.has(index), () => duplicate(`${at}.name`, container.name)),
      ...probesAndHooks(container, facts.graceSeconds, at),
    ]),
    ...hostPortConflicts(spec.containers, path),
  ];
};

export const initContainers = (spec: PodSpec, path: string): FieldErrors => {
  const facts = factsOf(spec);
  const names = new Set((spec.containers ?? []).map(({ name }) => name));
  return each(spec.initContainers, path, (container, at) => {
    const isTaken = names.has(container.name);
    names.add(container.name);
    return [
      ...anyContainer(container, facts, at),
      ...when(isTaken, () => duplicate(`${at}.name`, container.name)),
      ...hostPortConflicts([container], path), // they run one by one
      ...(isSidecar(container)
        ? probesAndHooks(container, facts.graceSeconds, at)
        : withoutProbes(container, at)),
    ];
  });
};

const withoutProbes = (container: Container, path: string): FieldErrors =>
  (['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    .filter((name) => container[name] !== undefined)
    .map((name) =>
      forbidden(`${path}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
    );

const anyContainer = (container: Container, facts: PodFacts, path: string): FieldErrors => [
  ...requiredDnsLabel(container.name, `${path}.name`),
  ...when(!container.image, () => required(`${path}.image`)),
  ...oneOf(
    container.terminationMessagePolicy,
    ['File', 'FallbackToLogsOnError'],
    `${path}.terminationMessagePolicy`,
  ),
  ...containerPorts(container.ports, `${path}.ports`),
  ...environment(container.env, `${path}.env`),
  ...environmentFrom(container.envFrom, `${path}.envFrom`),
  ...volumeMounts(container, facts.volumes, `${path}.volumeMounts`),
  ...volumeDevices(container, facts.volumes, `${path}.volumeDevices`),
  ...oneOf(container.imagePullPolicy, ['Always', 'IfNotPresent', 'Never'], `${path}.imagePullPolicy`),
  ...resourceRequirements(container.resources, `${path}.resources`),
  ...optionalOneOf(container.restartPolicy, ['Always', 'Never', 'OnFailure'], `${path}.restartPolicy`),
  ...containerSecurity(container.securityContext, facts.usesHostUsers, `${path}.securityContext`),
];

/** Only in pods: templates have always been allowed to have it. */
export const unpaddedImages = (list: readonly Container[] | undefined, path: string): FieldErrors =>
  each(list, path, ({ image }, at) =>
    when(!!image && image.trim() !== image, () =>
      invalid(`${at}.image`, image, 'must not have leading or trailing whitespace'),
    ),
  );

const NOT_EPHEMERAL = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
] as const;

export const ephemeralContainers = (spec: PodSpec, path: string): FieldErrors => {
  const facts = factsOf(spec);
  const others = new Set(
    [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name),
  );
  const names = new Set(others);
  return each(spec.ephemeralContainers, path, (container, at) => {
    const isTaken = names.has(container.name);
    names.add(container.name);
    const { targetContainerName: target } = container;
    return [
      ...anyContainer(container, facts, at),
      ...when(isTaken, () => duplicate(`${at}.name`, container.name)),
      ...when(!!target && !others.has(target), () => notFound(`${at}.targetContainerName`, target)),
      ...forbiddenForEphemeral(container, at),
    ];
  });
};

const forbiddenForEphemeral = (container: EphemeralContainer, path: string): FieldErrors => {
  const text = 'cannot be set for an Ephemeral Container';
  const present = NOT_EPHEMERAL.filter((name) => container[name] !== undefined);
  return [
    ...present.map((name) => forbidden(`${path}.${name}`, text)),
    ...each(container.volumeMounts, `${path}.volumeMounts`, ({ subPath, subPathExpr }, at) => [
      ...when(!!subPath, () => forbidden(`${at}.subPath`, text)),
      ...when(!!subPathExpr, () => forbidden(`${at}.subPathExpr`, text)),
    ]),
  ];
};
