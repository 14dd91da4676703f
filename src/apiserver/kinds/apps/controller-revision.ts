import type { ControllerRevision } from '../../../k8s/generated/types.ts';
import { controllerOf } from '../../../k8s/owner-references.ts';
import { controllerRevisions } from '../../../k8s/resources.ts';
import { AGE, NAME, NONE, ageCell, integers, nameCell, texts } from '../../columns/columns.ts';
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
} from '../../validation/apps/controller-revision.ts';
import { defineKind } from '../define-kind.ts';

export const controllerRevisionKind = defineKind<ControllerRevision>({
  resource: controllerRevisions,
  singular: 'controllerrevision',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.apps.v1.ControllerRevision',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...texts('Controller'), ...integers('Revision'), AGE],
  row: (revision, nowMs) => [
    nameCell(revision),
    controllerCell(revision),
    revision.revision,
    ageCell(revision, nowMs),
  ],
  fields: {},
  applyDefaults: () => {},
  validate: validateControllerRevision,
  validateUpdate: validateControllerRevisionUpdate,
});

/** `statefulset.apps/web`. */
const controllerCell = (revision: ControllerRevision): string => {
  const owner = controllerOf(revision);
  if (!owner) return NONE;
  const [group] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : [''];
  return `${owner.kind.toLowerCase()}${group ? `.${group}` : ''}/${owner.name}`;
};
