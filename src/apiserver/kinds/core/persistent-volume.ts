import type { PersistentVolume } from '../../../k8s/generated/types.ts';
import { persistentVolumes } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { UNSET, accessModesCell } from '../../columns/volume-cells.ts';
import { canonicalResources } from '../../defaults/resources.ts';
import { validateVolume } from '../../validation/persistent-volume.ts';
import { defineKind } from '../define-kind.ts';

export const persistentVolumeKind = defineKind<PersistentVolume>({
  resource: persistentVolumes,
  singular: 'persistentvolume',
  shortNames: ['pv'],
  categories: [],
  definition: 'io.k8s.api.core.v1.PersistentVolume',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  hasGeneration: false,
  columns: [
    NAME,
    ...texts(
      'Capacity',
      'Access Modes',
      'Reclaim Policy',
      'Status',
      'Claim',
      'StorageClass',
      'VolumeAttributesClass',
      'Reason',
    ),
    AGE,
    ...wide('VolumeMode'),
  ],
  row: (volume, nowMs) => [
    nameCell(volume),
    String(volume.spec?.capacity?.['storage'] ?? '0'),
    accessModesCell(volume.spec?.accessModes),
    volume.spec?.persistentVolumeReclaimPolicy ?? '',
    volume.metadata?.deletionTimestamp ? 'Terminating' : (volume.status?.phase ?? ''),
    claimCell(volume),
    volume.spec?.storageClassName ?? '',
    volume.spec?.volumeAttributesClassName ?? UNSET,
    volume.status?.reason ?? '',
    ageCell(volume, nowMs),
    volume.spec?.volumeMode ?? UNSET,
  ],
  fields: {},
  applyDefaults: (volume) => {
    const spec = (volume.spec ??= {});
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    canonicalResources(spec.capacity);
    (volume.status ??= {}).phase ||= 'Pending';
  },
  prepareForCreate: (volume) => {
    volume.status = { phase: 'Pending' };
  },
  validate: validateVolume,
});

const claimCell = ({ spec }: PersistentVolume): string =>
  spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '';
