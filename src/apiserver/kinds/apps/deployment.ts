import type { Deployment } from '../../../k8s/generated/types.ts';
import { deployments } from '../../../k8s/resources.ts';
import {
  AGE,
  NAME,
  ageCell,
  containerCells,
  nameCell,
  selectorCell,
  texts,
  wide,
} from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { defaultPodTemplate } from '../../defaults/pod-spec.ts';
import { validateDeployment } from '../../validation/apps/deployment.ts';
import { validateDeploymentStatus } from '../../validation/apps/status.ts';
import { validateSelectorUpdate } from '../../validation/apps/template.ts';
import { defineKind } from '../define-kind.ts';

export const deploymentKind = defineKind<Deployment>({
  resource: deployments,
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  definition: 'io.k8s.api.apps.v1.Deployment',
  nameRule: 'dns1123Subdomain',
  subresources: ['status', 'scale'],
  columns: [
    NAME,
    ...texts('Ready', 'Up-to-date', 'Available'),
    AGE,
    ...wide('Containers', 'Images', 'Selector'),
  ],
  row: (deployment, nowMs) => [
    nameCell(deployment),
    `${deployment.status?.readyReplicas ?? 0}/${deployment.spec?.replicas ?? 0}`,
    deployment.status?.updatedReplicas ?? 0,
    deployment.status?.availableReplicas ?? 0,
    ageCell(deployment, nowMs),
    ...containerCells(deployment.spec?.template.spec?.containers),
    selectorCell(deployment.spec?.selector),
  ],
  fields: {},
  applyDefaults: (deployment) => {
    const spec = (deployment.spec ??= { selector: {}, template: {} });
    defaultPodTemplate((spec.template ??= {}));
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    defaultStrategy(spec);
  },
  prepareForCreate: (deployment) => {
    deployment.status = {};
  },
  validate: validateDeployment,
  validateUpdate: validateSelectorUpdate,
  validateStatus: validateDeploymentStatus,
});

const defaultStrategy = (spec: Mutable<NonNullable<Deployment['spec']>>): void => {
  const strategy = (spec.strategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type !== 'RollingUpdate') return;
  strategy.rollingUpdate ??= {};
  strategy.rollingUpdate.maxUnavailable ??= '25%';
  strategy.rollingUpdate.maxSurge ??= '25%';
};
