// A workload's replica count as an autoscaling/v1 Scale.
import type { LabelSelector, Scale } from '../../k8s/generated/types.ts';
import { labelSelectorText } from '../../k8s/labels.ts';
import type { Stored } from '../../k8s/objects.ts';
import { valueAt } from '../../lang/nested.ts';
import type { Kind, ScalePaths } from '../kind.ts';
import type { StoredObject } from '../store/change.ts';

export const SCALE = {
  group: 'autoscaling',
  version: 'v1',
  resource: 'scales',
  kind: 'Scale',
  namespaced: true,
} as const;

export const SCALE_DEFINITION = 'io.k8s.api.autoscaling.v1.Scale';

/** Where a workload that is no custom resource has its numbers. */
const WORKLOAD: ScalePaths = { spec: '.spec.replicas', status: '.status.replicas', selector: undefined };

export const scalePaths = ({ scale = WORKLOAD }: Kind): ScalePaths => scale;

/** A workload as its scale subresource shows it. */
export const scaleOf = (kind: Kind, object: StoredObject): Stored<Scale> => {
  const { spec, status, selector } = scalePaths(kind);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const text = selector === undefined ? undefined : (valueAt(object, selector) as string | undefined);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: (valueAt(object, spec) as number | undefined) ?? 0 },
    status: {
      replicas: (valueAt(object, status) as number | undefined) ?? 0,
      selector: kind.scale ? text : labelSelectorText(valueAt(object, '.spec.selector') as LabelSelector),
    },
  };
};
