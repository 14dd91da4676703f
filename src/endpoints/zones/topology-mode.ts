// Whether a Service asks for endpoints in proportion to its zones.
import type { Service } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';

/** The older name comes first, as in kubernetes staging/src/k8s.io/endpointslice/utils.go (1.36). */
const ANNOTATIONS = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode'];

/** True for `Auto` and `auto`. */
export const isTopologyAuto = ({ metadata }: Stored<Service>): boolean => {
  const annotations = metadata.annotations ?? {};
  const name = ANNOTATIONS.find((each) => each in annotations);
  return name !== undefined && ['Auto', 'auto'].includes(annotations[name]!);
};
