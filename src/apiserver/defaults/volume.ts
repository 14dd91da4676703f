// What kube-apiserver fills into a volume (kubernetes pkg/apis/core/v1/defaults.go).
import type { DownwardAPIVolumeFile, Volume, VolumeProjection } from '../../k8s/generated/types.ts';
import { defaultDivisor } from './container.ts';
import { imagePullPolicyOf } from './image-pull-policy.ts';
import type { Mutable } from './mutable.ts';

/** 0644 */
const FILE_MODE = 420;

export const defaultVolume = (volume: Mutable<Volume>): void => {
  if (Object.keys(volume).every((key) => key === 'name')) volume.emptyDir = {};
  for (const source of [volume.configMap, volume.secret, volume.downwardAPI, volume.projected])
    if (source) source.defaultMode ??= FILE_MODE;
  if (volume.hostPath) volume.hostPath.type ??= '';
  if (volume.image) volume.image.pullPolicy ||= imagePullPolicyOf(volume.image.reference ?? '');
  defaultClaimTemplate(volume);
  for (const file of volume.downwardAPI?.items ?? []) defaultDownwardFile(file);
  for (const source of volume.projected?.sources ?? []) defaultProjection(source);
};

const defaultClaimTemplate = ({ ephemeral }: Mutable<Volume>): void => {
  const spec = ephemeral?.volumeClaimTemplate?.spec;
  if (spec) spec.volumeMode ??= 'Filesystem';
};

const defaultDownwardFile = ({ fieldRef, resourceFieldRef }: Mutable<DownwardAPIVolumeFile>): void => {
  if (fieldRef) fieldRef.apiVersion ||= 'v1';
  if (resourceFieldRef) defaultDivisor(resourceFieldRef);
};

const defaultProjection = ({ serviceAccountToken, downwardAPI }: Mutable<VolumeProjection>): void => {
  if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= 3600;
  for (const file of downwardAPI?.items ?? []) defaultDownwardFile(file);
};
