// LimitRanges as a step of admission.
import type { LimitRange, PersistentVolumeClaim, Pod } from '../../../k8s/generated/types.ts';
import { limitRanges } from '../../../k8s/resources.ts';
import { forbidden } from '../../status-errors.ts';
import { inNamespace } from '../../store/in-namespace.ts';
import type { Store } from '../../store/store.ts';
import type { AdmissionRequest, ValidatingStep } from '../admission.ts';
import { claimFindings, podFindings } from './check-limits.ts';

/** Asked about new pods, and about claims. Throws ApiError 403 with what the first range finds. */
export const enforceLimits =
  (store: Store): ValidatingStep =>
  (request) => {
    const findingsIn = findingsOf(request);
    if (!findingsIn) return;
    for (const range of inNamespace<LimitRange>(store, limitRanges, request.namespace)) {
      const findings = [...new Set(findingsIn(range))];
      const [first] = findings;
      if (first === undefined) continue;
      const why = findings.length === 1 ? first : `[${findings.join(', ')}]`;
      throw forbidden(request.kind.resource, request.object?.metadata?.name ?? request.name, why);
    }
  };

const findingsOf = ({
  operation,
  kind: { resource },
  subresource,
  object,
}: AdmissionRequest): ((range: LimitRange) => readonly string[]) | undefined => {
  if (resource.group !== '' || subresource !== '' || !object) return undefined;
  if (resource.resource === 'pods' && operation === 'CREATE')
    return (range) => podFindings(object as Pod, range);
  if (resource.resource === 'persistentvolumeclaims')
    return (range) => claimFindings(object as PersistentVolumeClaim, range);
  return undefined;
};
