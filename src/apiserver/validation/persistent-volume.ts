// Rules for PersistentVolumes, without those of each volume plugin (kubernetes pkg/apis/core/validation/validation.go).
import { forbidden, required } from '../../k8s/field-errors.ts';
import type { PersistentVolume, PersistentVolumeSpec } from '../../k8s/generated/types.ts';
import { type FieldErrors, eachEntry, ifText, when } from './compose.ts';
import { VOLUME_MODES, accessModes } from './persistent-volume-claim.ts';
import { resourceQuantity } from './resources.ts';
import { optionalOneOf } from './scalars.ts';
import { dnsSubdomain } from './texts.ts';

export const validateVolume = ({ spec = {} }: PersistentVolume): FieldErrors => [
  ...accessModes(spec.accessModes ?? [], 'spec.accessModes'),
  ...when(Object.keys(spec.capacity ?? {}).length === 0, () => required('spec.capacity')),
  ...eachEntry(spec.capacity, 'spec.capacity', resourceQuantity),
  ...optionalOneOf(
    spec.persistentVolumeReclaimPolicy,
    ['Delete', 'Recycle', 'Retain'],
    'spec.persistentVolumeReclaimPolicy',
  ),
  ...oneSource(spec),
  ...ifText(spec.storageClassName, (name) => dnsSubdomain(name, 'spec.storageClassName')),
  ...optionalOneOf(spec.volumeMode, VOLUME_MODES, 'spec.volumeMode'),
];

const SOURCES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'glusterfs',
  'hostPath',
  'iscsi',
  'local',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
] as const satisfies readonly (keyof PersistentVolumeSpec)[];

const oneSource = (spec: PersistentVolumeSpec): FieldErrors => {
  const [first, ...more] = SOURCES.filter((name) => spec[name] !== undefined);
  if (!first) return [required('spec', 'must specify a volume type')];
  return more.map((name) => forbidden(`spec.${name}`, 'may not specify more than 1 volume type'));
};
