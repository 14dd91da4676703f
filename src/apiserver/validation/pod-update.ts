// What may change in a pod once it exists: images, a shorter deadline, more tolerations, fewer gates; of a pod that is
// still gated also where it may run.
import { forbidden, invalid, required } from '../../k8s/field-errors.ts';
import type { Container, Pod, PodSpec, Toleration } from '../../k8s/generated/types.ts';
import { canonicalJson } from '../../lang/canonical-json.ts';
import { type FieldErrors, each, when } from './compose.ts';
import { changedPaths } from './changed-paths.ts';
import { inRange } from './scalars.ts';

export const validatePodUpdate = ({ spec }: Pod, { spec: before }: Pod): FieldErrors => {
  if (!spec || !before) return [];
  const added = [
    ...sameContainers(spec.containers, before.containers, 'spec.containers'),
    ...sameContainers(spec.initContainers, before.initContainers, 'spec.initContainers'),
  ];
  if (added.length > 0) return added;
  return [
    ...presentImages(spec.containers, 'spec.containers'),
    ...deadline(spec.activeDeadlineSeconds, before.activeDeadlineSeconds),
    ...onlyMoreTolerations(spec.tolerations, before.tolerations),
    ...onlyFewerGates(spec, before),
    ...nothingElse(spec, before),
  ];
};

const sameContainers = (
  after: readonly Container[] | undefined,
  before: readonly Container[] | undefined,
  path: string,
): FieldErrors =>
  when((after?.length ?? 0) !== (before?.length ?? 0), () =>
    forbidden(path, 'pod updates may not add or remove containers'),
  );

const presentImages = (containers: readonly Container[], path: string): FieldErrors =>
  each(containers, path, ({ image }, at) => when(!image, () => required(`${at}.image`)));

const deadline = (after: number | undefined, before: number | undefined): FieldErrors => {
  const path = 'spec.activeDeadlineSeconds';
  if (after === undefined)
    return when(before !== undefined, () =>
      invalid(path, null, 'must not update from a positive integer to nil value'),
    );
  const outside = inRange(after, 0, 2 ** 31 - 1, path);
  if (outside.length > 0) return outside;
  return when(before !== undefined && before < after, () =>
    invalid(path, after, 'must be less than or equal to previous value'),
  );
};

const onlyMoreTolerations = (
  after: readonly Toleration[] = [],
  before: readonly Toleration[] = [],
): FieldErrors => {
  const withoutTime = ({ tolerationSeconds: _seconds, ...rest }: Toleration): string => canonicalJson(rest);
  const kept = new Set(after.map(withoutTime));
  return when(!before.every((old) => kept.has(withoutTime(old))), () =>
    forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds'),
  );
};

const onlyFewerGates = (after: PodSpec, before: PodSpec): FieldErrors => {
  const known = new Set((before.schedulingGates ?? []).map(({ name }) => name));
  return each(after.schedulingGates, 'spec.schedulingGates', ({ name }, at) =>
    when(!known.has(name), () =>
      forbidden(`${at}.name`, `only deletion is allowed, but found new scheduling gate '${name}'`),
    ),
  );
};

const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

const nothingElse = (spec: PodSpec, before: PodSpec): FieldErrors => {
  const changes = changedPaths(before, unchanged(spec, before), 'spec');
  return when(changes.length > 0, () =>
    forbidden('spec', `pod updates may not change fields other than ${UPDATABLE}\n${changes.join('\n')}`),
  );
};

/** The new spec with everything taken back that may change. */
const unchanged = (spec: PodSpec, before: PodSpec): PodSpec => ({
  ...spec,
  containers: oldImages(spec.containers, before.containers),
  initContainers: spec.initContainers && oldImages(spec.initContainers, before.initContainers!),
  activeDeadlineSeconds: before.activeDeadlineSeconds,
  tolerations: before.tolerations,
  schedulingGates: before.schedulingGates,
  terminationGracePeriodSeconds: isGraceReset(spec, before)
    ? before.terminationGracePeriodSeconds
    : spec.terminationGracePeriodSeconds,
  ...(before.schedulingGates?.length
    ? { nodeSelector: narrowed(spec, before), affinity: before.affinity }
    : {}),
});

const oldImages = (after: readonly Container[], before: readonly Container[]): Container[] =>
  after.map((container, index) => ({ ...container, image: before[index]!.image }));

const isGraceReset = (spec: PodSpec, before: PodSpec): boolean =>
  (before.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1;

/** A gated pod may want more of its node, never less. */
const narrowed = ({ nodeSelector }: PodSpec, before: PodSpec): PodSpec['nodeSelector'] => {
  const kept = Object.entries(before.nodeSelector ?? {}).every(
    ([key, value]) => nodeSelector?.[key] === value,
  );
  return kept ? before.nodeSelector : nodeSelector;
};
