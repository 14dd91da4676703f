// One check of the Pod Security Standards: what of a pod it finds forbidden, in Kubernetes' words.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/; k8s.io/pod-security-admission/policy.
import type { Container, ObjectMeta, PodSpec } from '../../../k8s/generated/types.ts';

/** A pod, or a workload's template of one. */
export type PodLike = { readonly metadata: ObjectMeta; readonly spec: PodSpec };

export type Finding = { readonly reason: string; readonly detail: string };

export type Check = (pod: PodLike) => Finding | undefined;

/** What all kinds of containers have. */
export type AnyContainer = Pick<
  Container,
  | 'name'
  | 'image'
  | 'securityContext'
  | 'ports'
  | 'livenessProbe'
  | 'readinessProbe'
  | 'startupProbe'
  | 'lifecycle'
>;

export const containersOf = ({
  initContainers,
  containers,
  ephemeralContainers,
}: PodSpec): readonly AnyContainer[] => [
  ...(initContainers ?? []),
  ...(containers ?? []),
  ...(ephemeralContainers ?? []),
];

/** The names of the containers of which that is true. */
export const namesWhere = (
  { spec }: PodLike,
  isBad: (container: AnyContainer) => boolean,
): readonly string[] =>
  containersOf(spec)
    .filter(isBad)
    .map(({ name }) => name);

/** `container "a"`, `containers "a", "b"`. */
export const counted = (word: string, names: readonly string[]): string =>
  `${plural(word, names)} ${quoted(names)}`;

export const plural = (word: string, { length }: { readonly length: number }): string =>
  length === 1 ? word : `${word}s`;

export const quoted = (names: readonly string[]): string =>
  names.map((name) => JSON.stringify(name)).join(', ');

/** `pod and container "a"`: who says something at the level of the pod, or of a container; undefined: nobody. */
export const settersText = (isPod: boolean, names: readonly string[]): string | undefined => {
  const setters = [...(isPod ? ['pod'] : []), ...(names.length > 0 ? [counted('container', names)] : [])];
  return setters.length > 0 ? setters.join(' and ') : undefined;
};

/** Each once, sorted. */
export const unique = (values: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(values.map((value) => value ?? ''))].sort();
