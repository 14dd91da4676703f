import type { PersistentVolumeClaim, StorageClass } from '../../../k8s/generated/types.ts';
import { persistentVolumeClaims, storageClasses } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { UNSET, accessModesCell } from '../../columns/volume-cells.ts';
import { defaultClaimSpec } from '../../defaults/persistent-volume-claim.ts';
import { validateClaim, validateClaimUpdate } from '../../validation/persistent-volume-claim.ts';
import type { AdmissionContext } from '../../kind.ts';
import { defineKind } from '../define-kind.ts';

/** Accepted and Pending: no volume outlives a pod here, unless a provisioner of the user's binds the claim. */
export const persistentVolumeClaimKind = defineKind<PersistentVolumeClaim>({
  resource: persistentVolumeClaims,
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  categories: [],
  definition: 'io.k8s.api.core.v1.PersistentVolumeClaim',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  hasGeneration: false,
  columns: [
    NAME,
    ...texts('Status', 'Volume', 'Capacity', 'Access Modes', 'StorageClass', 'VolumeAttributesClass'),
    AGE,
    ...wide('VolumeMode'),
  ],
  row: (claim, nowMs) => [
    nameCell(claim),
    claim.metadata?.deletionTimestamp ? 'Terminating' : (claim.status?.phase ?? ''),
    ...boundCells(claim),
    claim.spec?.storageClassName ?? '',
    claim.spec?.volumeAttributesClassName ?? UNSET,
    ageCell(claim, nowMs),
    claim.spec?.volumeMode ?? UNSET,
  ],
  fields: {},
  applyDefaults: (claim) => {
    defaultClaimSpec((claim.spec ??= {}));
    (claim.status ??= {}).phase ||= 'Pending';
  },
  prepareForCreate: (claim, context) => {
    claim.status = { phase: 'Pending' };
    const name = claim.spec!.storageClassName ?? defaultClass(context)?.metadata.name;
    if (name !== undefined) claim.spec!.storageClassName = name;
  },
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
});

/** Volume, capacity and access modes. */
const boundCells = ({ spec, status }: PersistentVolumeClaim): readonly string[] =>
  spec?.volumeName
    ? [spec.volumeName, String(status?.capacity?.['storage'] ?? '0'), accessModesCell(status?.accessModes)]
    : ['', '', ''];

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

/** Admission plugin DefaultStorageClass: of several the newest, then the first by name. */
const defaultClass = ({ list }: AdmissionContext) =>
  list<StorageClass>(storageClasses)
    .filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
    .sort(
      ({ metadata: a }, { metadata: b }) =>
        Date.parse(b.creationTimestamp) - Date.parse(a.creationTimestamp) || (a.name < b.name ? -1 : 1),
    )[0];
