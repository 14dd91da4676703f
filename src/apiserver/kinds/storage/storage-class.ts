import { invalid, required } from '../../../k8s/field-errors.ts';
import type { StorageClass } from '../../../k8s/generated/types.ts';
import { storageClasses } from '../../../k8s/resources.ts';
import { equalJson } from '../../../lang/json.ts';
import { AGE, NAME, ageCell, booleans, nameCell, texts } from '../../columns/columns.ts';
import { when } from '../../validation/compose.ts';
import { FIELD_IMMUTABLE, oneOf, optionalOneOf } from '../../validation/scalars.ts';
import { qualified } from '../../validation/texts.ts';
import { defineKind } from '../define-kind.ts';

const FIXED = ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const;

export const storageClassKind = defineKind<StorageClass>({
  resource: storageClasses,
  singular: 'storageclass',
  shortNames: ['sc'],
  categories: [],
  definition: 'io.k8s.api.storage.v1.StorageClass',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [
    NAME,
    ...texts('Provisioner', 'ReclaimPolicy', 'VolumeBindingMode'),
    ...booleans('AllowVolumeExpansion'),
    AGE,
  ],
  row: (object, nowMs) => [
    isDefault(object) ? `${nameCell(object)} (default)` : nameCell(object),
    object.provisioner,
    object.reclaimPolicy ?? 'Delete',
    object.volumeBindingMode ?? 'Immediate',
    object.allowVolumeExpansion ?? false,
    ageCell(object, nowMs),
  ],
  fields: {},
  applyDefaults: (object) => {
    object.reclaimPolicy ??= 'Delete';
    object.volumeBindingMode ??= 'Immediate';
  },
  validate: ({ provisioner, reclaimPolicy, volumeBindingMode }) => [
    ...(provisioner ? qualified(provisioner.toLowerCase(), 'provisioner') : [required('provisioner')]),
    ...optionalOneOf(reclaimPolicy, ['Delete', 'Retain'], 'reclaimPolicy'),
    ...oneOf(volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], 'volumeBindingMode'),
  ],
  validateUpdate: (after, before) =>
    FIXED.flatMap((name) =>
      when(!equalJson(after[name], before[name]), () => invalid(name, after[name] ?? null, FIELD_IMMUTABLE)),
    ),
});

const isDefault = ({ metadata }: StorageClass): boolean =>
  metadata?.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
