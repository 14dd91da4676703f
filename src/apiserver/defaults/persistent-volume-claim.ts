// What kube-apiserver fills into a claim (kubernetes pkg/apis/core/v1/defaults.go).
import type { PersistentVolumeClaimSpec } from '../../k8s/generated/types.ts';
import type { Mutable } from './mutable.ts';
import { canonicalResources } from './resources.ts';

export const defaultClaimSpec = (spec: Mutable<PersistentVolumeClaimSpec>): void => {
  spec.volumeMode ??= 'Filesystem';
  spec.resources ??= {};
  canonicalResources(spec.resources.requests);
  canonicalResources(spec.resources.limits);
};
