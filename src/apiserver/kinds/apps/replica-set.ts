import type { ReplicaSet } from '../../../k8s/generated/types.ts';
import { replicaSets } from '../../../k8s/resources.ts';
import {
  AGE,
  NAME,
  ageCell,
  containerCells,
  integers,
  nameCell,
  selectorCell,
  wide,
} from '../../columns/columns.ts';
import { defaultPodTemplate } from '../../defaults/pod-spec.ts';
import { validateReplicaSet } from '../../validation/apps/deployment.ts';
import { validateReplicaSetStatus } from '../../validation/apps/status.ts';
import { validateSelectorUpdate } from '../../validation/apps/template.ts';
import { defineKind } from '../define-kind.ts';

export const replicaSetKind = defineKind<ReplicaSet>({
  resource: replicaSets,
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  definition: 'io.k8s.api.apps.v1.ReplicaSet',
  nameRule: 'dns1123Subdomain',
  subresources: ['status', 'scale'],
  columns: [
    NAME,
    ...integers('Desired', 'Current', 'Ready'),
    AGE,
    ...wide('Containers', 'Images', 'Selector'),
  ],
  row: (set, nowMs) => [
    nameCell(set),
    set.spec?.replicas ?? 0,
    set.status?.replicas ?? 0,
    set.status?.readyReplicas ?? 0,
    ageCell(set, nowMs),
    ...containerCells(set.spec?.template?.spec?.containers),
    selectorCell(set.spec?.selector),
  ],
  fields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  applyDefaults: (set) => {
    const spec = (set.spec ??= { selector: {} });
    defaultPodTemplate((spec.template ??= {}));
    spec.replicas ??= 1;
  },
  prepareForCreate: (set) => {
    set.status = { replicas: 0 };
  },
  validate: validateReplicaSet,
  validateUpdate: validateSelectorUpdate,
  validateStatus: validateReplicaSetStatus,
});
