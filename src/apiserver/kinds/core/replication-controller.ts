import type { ReplicationController } from '../../../k8s/generated/types.ts';
import { replicationControllers } from '../../../k8s/resources.ts';
import {
  AGE,
  NAME,
  ageCell,
  containerCells,
  integers,
  labelsCell,
  nameCell,
  wide,
} from '../../columns/columns.ts';
import { defaultPodTemplate } from '../../defaults/pod-spec.ts';
import { validateReplicationController } from '../../validation/replication-controller.ts';
import { validateReplicaSetStatus } from '../../validation/apps/status.ts';
import { defineKind } from '../define-kind.ts';

export const replicationControllerKind = defineKind<ReplicationController>({
  resource: replicationControllers,
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  definition: 'io.k8s.api.core.v1.ReplicationController',
  nameRule: 'dns1123Subdomain',
  subresources: ['status', 'scale'],
  orphansByDefault: true,
  columns: [
    NAME,
    ...integers('Desired', 'Current', 'Ready'),
    AGE,
    ...wide('Containers', 'Images', 'Selector'),
  ],
  row: (controller, nowMs) => [
    nameCell(controller),
    controller.spec?.replicas ?? 0,
    controller.status?.replicas ?? 0,
    controller.status?.readyReplicas ?? 0,
    ageCell(controller, nowMs),
    ...containerCells(controller.spec?.template?.spec?.containers),
    labelsCell(controller.spec?.selector),
  ],
  fields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  applyDefaults: (controller) => {
    const spec = (controller.spec ??= {});
    spec.replicas ??= 1;
    if (!spec.template) return;
    defaultPodTemplate(spec.template);
    const labels = spec.template.metadata?.labels;
    if (!labels) return;
    if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
    if (Object.keys(controller.metadata?.labels ?? {}).length === 0)
      controller.metadata = { ...controller.metadata, labels: { ...labels } };
  },
  prepareForCreate: (controller) => {
    controller.status = { replicas: 0 };
  },
  validate: validateReplicationController,
  validateStatus: validateReplicaSetStatus,
});
