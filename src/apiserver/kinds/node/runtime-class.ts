import { invalid, required } from '../../../k8s/field-errors.ts';
import type { RuntimeClass } from '../../../k8s/generated/types.ts';
import { runtimeClasses } from '../../../k8s/resources.ts';
import { AGE, NAME, ageCell, nameCell, texts } from '../../columns/columns.ts';
import { canonicalResources } from '../../defaults/resources.ts';
import { eachEntry, when } from '../../validation/compose.ts';
import { labels } from '../../validation/labels.ts';
import { resourceQuantity } from '../../validation/resources.ts';
import { FIELD_IMMUTABLE } from '../../validation/scalars.ts';
import { tolerations } from '../../validation/scheduling.ts';
import { dnsLabel } from '../../validation/texts.ts';
import { defineKind } from '../define-kind.ts';

export const runtimeClassKind = defineKind<RuntimeClass>({
  resource: runtimeClasses,
  singular: 'runtimeclass',
  shortNames: [],
  categories: [],
  definition: 'io.k8s.api.node.v1.RuntimeClass',
  nameRule: 'dns1123Subdomain',
  subresources: [],
  columns: [NAME, ...texts('Handler'), AGE],
  row: (object, nowMs) => [nameCell(object), object.handler, ageCell(object, nowMs)],
  fields: {},
  applyDefaults: ({ overhead }) => canonicalResources(overhead?.podFixed),
  validate: ({ handler, overhead, scheduling }) => [
    ...(handler ? dnsLabel(handler, 'handler') : [required('handler')]),
    ...eachEntry(overhead?.podFixed, 'overhead.limits', resourceQuantity),
    ...labels(scheduling?.nodeSelector, 'scheduling.nodeSelector'),
    ...tolerations(scheduling?.tolerations, 'scheduling.tolerations'),
  ],
  validateUpdate: ({ handler }, { handler: before }) =>
    when(handler !== before, () => invalid('handler', handler, FIELD_IMMUTABLE)),
});
