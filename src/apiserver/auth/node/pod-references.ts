// The Secrets and ConfigMaps that a pod names, each of which its kubelet has to read
// (kubernetes pkg/api/v1/pod/util.go, VisitPodSecretNames and VisitPodConfigmapNames).
import type { Container, EphemeralContainer, Pod, Volume } from '../../../k8s/generated/types.ts';

export type ReferenceKind = 'secret' | 'configMap';

/** Whether the pod names the object, in whatever field. */
export const refersTo = ({ spec }: Pick<Pod, 'spec'>, kind: ReferenceKind, name: string): boolean => {
  if (!spec) return false;
  const containers = [
    ...(spec.containers ?? []),
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  return (
    containers.some((container) => containerNames(container, kind).includes(name)) ||
    (spec.volumes ?? []).some((volume) => volumeNames(volume, kind).includes(name)) ||
    (kind === 'secret' && (spec.imagePullSecrets ?? []).some((secret) => secret.name === name))
  );
};

type Names = readonly (string | undefined)[];

const containerNames = (
  { env = [], envFrom = [] }: Container | EphemeralContainer,
  kind: ReferenceKind,
): Names => [
  ...env.map(({ valueFrom }) => valueFrom?.[`${kind}KeyRef`]?.name),
  ...envFrom.map((source) => source[`${kind}Ref`]?.name),
];

const volumeNames = (volume: Volume, kind: ReferenceKind): Names => [
  kind === 'secret' ? volume.secret?.secretName : volume.configMap?.name,
  ...(volume.projected?.sources ?? []).map((source) => source[kind]?.name),
];
