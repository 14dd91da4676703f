import type {
  AutoscalingV1HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
} from '../../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';
import { horizontalPodAutoscalers, olderHorizontalPodAutoscalers } from '../../../k8s/resources.ts';
import { rememberEach } from '../../../lang/remember.ts';
import { defaultAutoscaler } from '../../defaults/autoscaler.ts';
import type { Mutable } from '../../defaults/mutable.ts';
import type { Draft } from '../../kind.ts';
import { validateAutoscaler, validateAutoscalerStatus } from '../../validation/autoscaling/autoscaler.ts';
import { defineKind } from '../define-kind.ts';
import { newerForm, olderForm } from './autoscaler-forms.ts';
import { horizontalPodAutoscalerKind } from './horizontal-pod-autoscaler.ts';

type Older = AutoscalingV1HorizontalPodAutoscaler;

const { singular, shortNames, categories, nameRule, subresources, columns } = horizontalPodAutoscalerKind;

/** The HorizontalPodAutoscalers of autoscaling/v2 in their older version: the same objects, by the same rules. */
export const olderHorizontalPodAutoscalerKind = defineKind<Older>({
  resource: olderHorizontalPodAutoscalers,
  storage: horizontalPodAutoscalers,
  view: rememberEach((stored: Stored<KubeObject>) => olderForm(stored as never) as Stored<KubeObject>),
  storedForm: (draft) => complete(draft as never) as unknown as Draft,
  singular,
  shortNames,
  categories,
  definition: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  nameRule,
  subresources,
  hasGeneration: false,
  columns,
  row: (object, nowMs) => horizontalPodAutoscalerKind.row(newerForm(object), nowMs),
  fields: {},
  // What v1 says in annotations is said anew, and without what could not be read.
  applyDefaults: (draft) => {
    Object.assign(draft, olderForm(complete(draft as Older)));
  },
  prepareForCreate: (draft) => {
    setStatus(draft, { desiredReplicas: 0 });
  },
  // Parts of the status are in annotations.
  prepareForUpdate: (draft, before) => {
    setStatus(draft, newerForm(before).status);
  },
  // So are parts of the spec.
  prepareForStatusUpdate: (draft, before) => {
    Object.assign(draft, olderForm({ ...newerForm(draft as Older), spec: newerForm(before).spec }));
  },
  validate: (object, _context, before) =>
    validateAutoscaler(newerForm(object), _context, before && newerForm(before)),
  validateStatus: (object) => validateAutoscalerStatus(newerForm(object)),
});

const complete = (older: Older): HorizontalPodAutoscaler => {
  const newer = newerForm(older) as Mutable<HorizontalPodAutoscaler>;
  defaultAutoscaler(newer);
  return newer as HorizontalPodAutoscaler;
};

const setStatus = (draft: Mutable<Older>, status: HorizontalPodAutoscaler['status']): void => {
  Object.assign(draft, olderForm({ ...newerForm(draft as Older), status }));
};
