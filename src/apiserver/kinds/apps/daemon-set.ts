import type { DaemonSet } from '../../../k8s/generated/types.ts';
import { daemonSets } from '../../../k8s/resources.ts';
import { equalJson } from '../../../lang/json.ts';
import {
  AGE,
  NAME,
  ageCell,
  containerCells,
  integers,
  labelsCell,
  nameCell,
  selectorCell,
  texts,
  wide,
} from '../../columns/columns.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import { defaultPodTemplate } from '../../defaults/pod-spec.ts';
import { validateDaemonSet } from '../../validation/apps/daemon-set.ts';
import { validateDaemonSetStatus } from '../../validation/apps/status.ts';
import { validateSelectorUpdate } from '../../validation/apps/template.ts';
import { defineKind } from '../define-kind.ts';

export const daemonSetKind = defineKind<DaemonSet>({
  resource: daemonSets,
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  definition: 'io.k8s.api.apps.v1.DaemonSet',
  nameRule: 'dns1123Subdomain',
  subresources: ['status'],
  columns: [
    NAME,
    ...integers('Desired', 'Current', 'Ready', 'Up-to-date', 'Available'),
    ...texts('Node Selector'),
    AGE,
    ...wide('Containers', 'Images', 'Selector'),
  ],
  row: (set, nowMs) => [
    nameCell(set),
    set.status?.desiredNumberScheduled ?? 0,
    set.status?.currentNumberScheduled ?? 0,
    set.status?.numberReady ?? 0,
    set.status?.updatedNumberScheduled ?? 0,
    set.status?.numberAvailable ?? 0,
    labelsCell(set.spec?.template.spec?.nodeSelector),
    ageCell(set, nowMs),
    ...containerCells(set.spec?.template.spec?.containers),
    selectorCell(set.spec?.selector),
  ],
  fields: {},
  applyDefaults: (set) => {
    const spec = (set.spec ??= { selector: {}, template: {} });
    defaultPodTemplate((spec.template ??= {}));
    defaultUpdates(spec);
    spec.revisionHistoryLimit ??= 10;
  },
  prepareForCreate: (set) => {
    set.status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      desiredNumberScheduled: 0,
      numberReady: 0,
    };
    countTemplate(set, 1);
  },
  prepareForUpdate: (set, before) => {
    const isSame = equalJson(set.spec?.template, before.spec?.template);
    countTemplate(set, templateGeneration(before) + (isSame ? 0 : 1));
  },
  validate: validateDaemonSet,
  validateUpdate: validateSelectorUpdate,
  validateStatus: validateDaemonSetStatus,
});

const defaultUpdates = (spec: Mutable<NonNullable<DaemonSet['spec']>>): void => {
  const strategy = (spec.updateStrategy ??= {});
  strategy.type ||= 'RollingUpdate';
  if (strategy.type !== 'RollingUpdate') return;
  const rolling = (strategy.rollingUpdate ??= {});
  rolling.maxUnavailable ??= 1;
  rolling.maxSurge ??= 0;
};

const GENERATION = 'deprecated.daemonset.template.generation';

/** How often the template has changed. apps/v1 has no field for it any more; kubectl reads the annotation. */
const templateGeneration = ({ metadata }: DaemonSet): number =>
  Number(metadata?.annotations?.[GENERATION] ?? 1);

const countTemplate = (set: Mutable<DaemonSet>, generation: number): void => {
  const metadata = (set.metadata ??= {});
  metadata.annotations = { ...metadata.annotations, [GENERATION]: String(generation) };
};
