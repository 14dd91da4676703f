import type { PodTemplate } from '../../../k8s/generated/types.ts';
import { podTemplates } from '../../../k8s/resources.ts';
import { NAME, containerCells, labelsCell, nameCell, texts } from '../../columns/columns.ts';
import { defaultPodTemplate } from '../../defaults/pod-spec.ts';
import { ifSet } from '../../validation/compose.ts';
import { podTemplate } from '../../validation/pod.ts';
import { defineKind } from '../define-kind.ts';

export const podTemplateKind = defineKind<PodTemplate>({
  resource: podTemplates,
  singular: 'podtemplate',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.core.v1.PodTemplate',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  hasGeneration: true,
  columns: [NAME, ...texts('Containers', 'Images', 'Pod Labels')],
  row: ({ metadata, template }) => [
    nameCell({ metadata }),
    ...containerCells(template?.spec?.containers),
    labelsCell(template?.metadata?.labels),
  ],
  fields: {},
  applyDefaults: (object) => defaultPodTemplate((object.template ??= {})),
  validate: ({ template }) => ifSet(template, (value) => podTemplate(value, 'template')),
});
