import type { StatefulSet } from '../../../k8s/generated/types.ts';
import { statefulSets } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, containerCells, nameCell, texts, wide } from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { defaultClaimSpec } from '../../defaults/persistent-volume-claim.ts';
import { defaultPodTemplate } from '../../defaults/pod-spec.ts';
import { validateStatefulSet, validateStatefulSetUpdate } from '../../validation/apps/stateful-set.ts';
import { validateStatefulSetStatus } from '../../validation/apps/status.ts';
import { defineKind } from '../define-kind.ts';

export const statefulSetKind = defineKind<StatefulSet>({
  resource: statefulSets,
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  definition: 'io.k8s.api.apps.v1.StatefulSet',
  nameRule: 'dns1123Label',
  subresources: ['status', 'scale'],
  columns: [NAME, ...texts('Ready'), AGE, ...wide('Containers', 'Images')],
  row: (set, nowMs) => [
    nameCell(set),
    `${set.status?.readyReplicas ?? 0}/${set.spec?.replicas ?? 0}`,
    ageCell(set, nowMs),
    ...containerCells(set.spec?.template.spec?.containers),
  ],
  fields: {},
  applyDefaults: (set) => {
    const spec = (set.spec ??= { selector: {}, template: {} });
    defaultPodTemplate((spec.template ??= {}));
    spec.podManagementPolicy ||= 'OrderedReady';
    defaultUpdates(spec);
    const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {});
    retention.whenDeleted ||= 'Retain';
    retention.whenScaled ||= 'Retain';
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    for (const claim of spec.volumeClaimTemplates ?? []) defaultClaim(claim);
  },
  prepareForCreate: (set) => {
    set.status = { replicas: 0, availableReplicas: 0 };
  },
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  validateStatus: validateStatefulSetStatus,
});

type Spec = Mutable<NonNullable<StatefulSet['spec']>>;

const defaultUpdates = (spec: Spec): void => {
  const strategy = (spec.updateStrategy ??= {});
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
};

/** Stored with their type and phase, as kube-apiserver's codec leaves them. */
const defaultClaim = (claim: NonNullable<Spec['volumeClaimTemplates']>[number]): void => {
  claim.apiVersion ??= 'v1';
  claim.kind ??= 'PersistentVolumeClaim';
  defaultClaimSpec((claim.spec ??= {}));
  (claim.status ??= {}).phase ||= 'Pending';
};
