// What CSI drivers and their side-cars keep in the API: stored for them, and used by nothing here.
import { invalid, required } from '../../../k8s/field-errors.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../../../k8s/generated/types.ts';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  volumeAttachments,
  volumeAttributesClasses,
} from '../../../k8s/resources.ts';
import { equalJson } from '../../../lang/json.ts';
import { AGE, NAME, NONE, ageCell, booleans, integers, nameCell, texts } from '../../columns/columns.ts';
import { UNSET } from '../../columns/volume-cells.ts';
import { each, when } from '../../validation/compose.ts';
import { FIELD_IMMUTABLE } from '../../validation/scalars.ts';
import { requiredText } from '../../validation/texts.ts';
import { defineKind } from '../define-kind.ts';

export const csiDriverKind = defineKind<CSIDriver>({
  resource: csiDrivers,
  singular: 'csidriver',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.storage.v1.CSIDriver',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  columns: [
    NAME,
    ...booleans('AttachRequired', 'PodInfoOnMount', 'StorageCapacity'),
    ...texts('TokenRequests'),
    ...booleans('RequiresRepublish'),
    ...texts('Modes'),
    AGE,
  ],
  row: (driver, nowMs) => [
    nameCell(driver),
    driver.spec.attachRequired ?? true,
    driver.spec.podInfoOnMount ?? false,
    driver.spec.storageCapacity ?? false,
    driver.spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? UNSET,
    driver.spec.requiresRepublish ?? false,
    (driver.spec.volumeLifecycleModes ?? []).join(',') || NONE,
    ageCell(driver, nowMs),
  ],
  fields: {},
  applyDefaults: (driver) => {
    const spec = (driver.spec ??= {});
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if (!spec.volumeLifecycleModes?.length) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
  validate: () => [],
});

export const csiNodeKind = defineKind<CSINode>({
  resource: csiNodes,
  singular: 'csinode',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.storage.v1.CSINode',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...integers('Drivers'), AGE],
  row: (node, nowMs) => [nameCell(node), node.spec.drivers?.length ?? 0, ageCell(node, nowMs)],
  fields: {},
  applyDefaults: (node) => {
    node.spec ??= { drivers: [] };
  },
  validate: ({ spec }) =>
    each(spec.drivers, 'spec.drivers', ({ name, nodeID }, at) => [
      ...requiredText(name, `${at}.name`),
      ...requiredText(nodeID, `${at}.nodeID`),
    ]),
});

export const csiStorageCapacityKind = defineKind<CSIStorageCapacity>({
  resource: csiStorageCapacities,
  singular: 'csistoragecapacity',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.storage.v1.CSIStorageCapacity',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...texts('StorageClassName', 'Capacity')],
  row: (object) => [nameCell(object), object.storageClassName, String(object.capacity ?? UNSET)],
  fields: {},
  applyDefaults: () => {},
  validate: ({ storageClassName }) => requiredText(storageClassName, 'storageClassName'),
});

export const volumeAttachmentKind = defineKind<VolumeAttachment>({
  resource: volumeAttachments,
  singular: 'volumeattachment',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.storage.v1.VolumeAttachment',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  hasGeneration: false,
  columns: [NAME, ...texts('Attacher', 'PV', 'Node'), ...booleans('Attached'), AGE],
  row: (object, nowMs) => [
    nameCell(object),
    object.spec.attacher,
    object.spec.source?.persistentVolumeName ?? '',
    object.spec.nodeName,
    object.status?.attached ?? false,
    ageCell(object, nowMs),
  ],
  fields: {},
  applyDefaults: () => {},
  prepareForCreate: (object) => {
    object.status = { attached: false };
  },
  validate: ({ spec }) => {
    if (!spec) return [required('spec')];
    return [
      ...requiredText(spec.attacher, 'spec.attacher'),
      ...requiredText(
        spec.source?.persistentVolumeName ?? (spec.source?.inlineVolumeSpec && 'inline'),
        'spec.source',
      ),
      ...requiredText(spec.nodeName, 'spec.nodeName'),
    ];
  },
  validateUpdate: ({ spec }, { spec: before }) =>
    when(!equalJson(spec, before), () => invalid('spec', spec, FIELD_IMMUTABLE)),
});

export const volumeAttributesClassKind = defineKind<VolumeAttributesClass>({
  resource: volumeAttributesClasses,
  singular: 'volumeattributesclass',
  shortNames: ['vac'],
  categories: [],
  definition: 'io.k8s.api.storage.v1.VolumeAttributesClass',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...texts('DriverName'), AGE],
  row: (object, nowMs) => [nameCell(object), object.driverName, ageCell(object, nowMs)],
  fields: {},
  applyDefaults: () => {},
  validate: ({ driverName }) => requiredText(driverName, 'driverName'),
  validateUpdate: (after, before) =>
    (['driverName', 'parameters'] as const).flatMap((name) =>
      when(!equalJson(after[name], before[name]), () => invalid(name, after[name] ?? null, FIELD_IMMUTABLE)),
    ),
});
