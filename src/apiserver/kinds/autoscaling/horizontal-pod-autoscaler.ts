import type { HorizontalPodAutoscaler } from '../../../k8s/generated/types.ts';
import { horizontalPodAutoscalers } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { metricsCell } from '../../columns/autoscaler-cells.ts';
import { UNSET } from '../../columns/volume-cells.ts';
import { defaultAutoscaler } from '../../defaults/autoscaler.ts';
import { validateAutoscaler, validateAutoscalerStatus } from '../../validation/autoscaling/autoscaler.ts';
import { defineKind } from '../define-kind.ts';
import { withoutReserved } from './autoscaler-forms.ts';

/** Stored: there is no metrics API that it could scale by. */
export const horizontalPodAutoscalerKind = defineKind<HorizontalPodAutoscaler>({
  resource: horizontalPodAutoscalers,
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  definition: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  hasGeneration: false,
  columns: [NAME, ...texts('Reference', 'Targets', 'MinPods', 'MaxPods', 'Replicas'), AGE],
  row: (object, nowMs) => [
    nameCell(object),
    `${object.spec?.scaleTargetRef.kind}/${object.spec?.scaleTargetRef.name}`,
    metricsCell(object),
    String(object.spec?.minReplicas ?? UNSET),
    object.spec?.maxReplicas ?? 0,
    object.status?.currentReplicas ?? 0,
    ageCell(object, nowMs),
  ],
  fields: {},
  applyDefaults: (object) => {
    const { annotations: given, ...metadata } = object.metadata ?? {};
    const annotations = withoutReserved(given);
    object.metadata = { ...metadata, ...(annotations && { annotations }) };
    defaultAutoscaler(object);
  },
  prepareForCreate: (object) => {
    object.status = { desiredReplicas: 0 };
  },
  validate: validateAutoscaler,
  validateStatus: validateAutoscalerStatus,
});
