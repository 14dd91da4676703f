// Rules for HorizontalPodAutoscalers, without those of each metric (kubernetes pkg/apis/autoscaling/validation/validation.go).
import { invalid, required } from '../../k8s/field-errors.ts';
import type { HorizontalPodAutoscaler } from '../../k8s/generated/types.ts';
import { pathSegment } from '../../k8s/name-rules.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';

export const validateAutoscaler = ({ spec }: HorizontalPodAutoscaler): FieldErrors =>
  ifSet(spec, ({ minReplicas, maxReplicas, scaleTargetRef }) => [
    ...when(minReplicas !== undefined && minReplicas < 1, () =>
      invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1'),
    ),
    ...when(!maxReplicas, () => required('spec.maxReplicas', 'must be set and greater than 0')),
    ...when((maxReplicas ?? 0) < 0, () =>
      invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to 1'),
    ),
    ...when((maxReplicas ?? 0) < (minReplicas ?? 0), () =>
      invalid('spec.maxReplicas', maxReplicas ?? 0, 'must be greater than or equal to `minReplicas`'),
    ),
    ...segment(scaleTargetRef?.kind, 'spec.scaleTargetRef.kind'),
    ...segment(scaleTargetRef?.name, 'spec.scaleTargetRef.name'),
  ]);

const segment = (text: string | undefined, path: string): FieldErrors =>
  text ? pathSegment(text).map((finding) => invalid(path, text, finding)) : [required(path)];
