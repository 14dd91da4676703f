import type { PriorityClass } from '../../../k8s/generated/types.ts';
import { priorityClasses } from '../../../k8s/resources.ts';
import { refuseSecondDefault } from '../../admission/priority.ts';
import { AGE, NAME, ageCell, booleans, integers, nameCell, wide } from '../../columns/columns.ts';
import {
  SYSTEM_CLASSES,
  validatePriorityClass,
  validatePriorityClassUpdate,
} from '../../validation/policy/priority-class.ts';
import { defineKind } from '../define-kind.ts';

export const priorityClassKind = defineKind<PriorityClass>({
  resource: priorityClasses,
  singular: 'priorityclass',
  shortNames: ['pc'],
  categories: [],
  definition: 'io.k8s.api.scheduling.v1.PriorityClass',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  columns: [NAME, ...integers('Value'), ...booleans('Global-Default'), AGE, ...wide('PreemptionPolicy')],
  row: (object, nowMs) => [
    nameCell(object),
    object.value ?? 0,
    object.globalDefault ?? false,
    ageCell(object, nowMs),
    object.preemptionPolicy ?? '',
  ],
  fields: {},
  applyDefaults: (object) => {
    object.value ??= 0;
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  prepareForCreate: refuseSecondDefault,
  prepareForUpdate: (object, _before, context) => refuseSecondDefault(object, context),
  validate: validatePriorityClass,
  validateUpdate: validatePriorityClassUpdate,
  initial: SYSTEM_CLASSES.map(({ name, value, description }) => ({
    metadata: { name },
    value,
    description,
  })),
});
