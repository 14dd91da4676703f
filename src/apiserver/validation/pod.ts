// Rules for pods themselves, beyond those of their spec.
import { forbidden, invalid } from '../../k8s/field-errors.ts';
import type { Pod, PodTemplateSpec } from '../../k8s/generated/types.ts';
import { qualifiedName } from '../../k8s/name-rules.ts';
import { type FieldErrors, ifSet, when } from './compose.ts';
import { unpaddedImages } from './containers.ts';
import { labels } from './labels.ts';
import { podSpec } from './pod-spec.ts';

/** On create and on update. */
export const validatePod = ({ metadata, spec }: Pod): FieldErrors =>
  ifSet(spec, (value) => [
    ...deletionCost(metadata?.annotations),
    ...podSpec(value, 'spec'),
    ...unpaddedImages(value.containers, 'spec.containers'),
    ...unpaddedImages(value.initContainers, 'spec.initContainers'),
    ...when(!!value.nodeName && !!value.schedulingGates?.length, () =>
      forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'),
    ),
  ]);

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

const deletionCost = (annotations: Readonly<Record<string, string>> | undefined): FieldErrors =>
  ifSet(annotations?.[DELETION_COST], (cost) =>
    when(!/^(0|-?[1-9]\d{0,9})$/.test(cost), () =>
      invalid(`metadata.annotations[${DELETION_COST}]`, cost, 'must be a 32bit integer'),
    ),
  );

export const podTemplate = (template: PodTemplateSpec, path: string): FieldErrors => [
  ...labels(template.metadata?.labels, `${path}.labels`),
  ...Object.keys(template.metadata?.annotations ?? {}).flatMap((key) =>
    qualifiedName(key.toLowerCase()).map((message) => invalid(`${path}.annotations`, key, message)),
  ),
  ...ifSet(template.spec, (spec) => [
    ...podSpec(spec, `${path}.spec`),
    ...when(!!spec.ephemeralContainers?.length, () =>
      forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
    ),
  ]),
];
