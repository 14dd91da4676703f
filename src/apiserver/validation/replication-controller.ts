// Rules for ReplicationControllers (kubernetes pkg/apis/core/validation/validation.go).
import { invalid, required } from '../../k8s/field-errors.ts';
import type { ReplicationController } from '../../k8s/generated/types.ts';
import { labelSelectorMatches } from '../../k8s/labels.ts';
import { endlessTemplate } from './apps/template.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';
import { notNegative } from './scalars.ts';

export const validateReplicationController = ({ spec }: ReplicationController): FieldErrors =>
  ifSet(spec, ({ minReadySeconds, selector, replicas, template }) => [
    ...notNegative(minReadySeconds, 'spec.minReadySeconds'),
    ...when(Object.keys(selector ?? {}).length === 0, () => required('spec.selector')),
    ...notNegative(replicas, 'spec.replicas'),
    ...when(!template, () => required('spec.template')),
    ...when(!!template && !labelSelectorMatches({ matchLabels: selector }, template.metadata?.labels), () =>
      invalid(
        'spec.template.metadata.labels',
        template?.metadata?.labels ?? null,
        '`selector` does not match template `labels`',
      ),
    ),
    ...endlessTemplate(template, 'ReplicationController'),
  ]);
