// Whether a quota is about an object at all: its scopes (kubernetes pkg/quota/v1/evaluator/core). Pure.
import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
} from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';
import type { Resource } from '../../k8s/resources.ts';
import { qosClassOf } from '../admission/qos-class.ts';

type Names = Pick<Resource, 'group' | 'resource'>;
type Requirement = ScopedResourceSelectorRequirement;

/** All scopes must fit. An object of a kind that no scope is for fits none. */
export const isInScopes = ({ spec }: ResourceQuota, resource: Names, object: KubeObject): boolean => {
  const requirements: readonly Requirement[] = [
    ...(spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' })),
    ...(spec?.scopeSelector?.matchExpressions ?? []),
  ];
  return requirements.every((requirement) => fits(requirement, resource, object));
};

const fits = (requirement: Requirement, { group, resource }: Names, object: KubeObject): boolean => {
  if (group !== '') return false;
  if (resource === 'pods') return fitsPod(requirement, object as Pod);
  return resource === 'persistentvolumeclaims' && fitsClaim(requirement, object as PersistentVolumeClaim);
};

const fitsPod = (requirement: Requirement, { spec }: Pod): boolean => {
  const isBestEffort = qosClassOf(spec!) === 'BestEffort';
  const isTerminating = (spec?.activeDeadlineSeconds ?? -1) >= 0;
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating;
    case 'NotTerminating':
      return !isTerminating;
    case 'BestEffort':
      return isBestEffort;
    case 'NotBestEffort':
      return !isBestEffort;
    case 'PriorityClass':
      return fitsName(requirement, spec?.priorityClassName ? [spec.priorityClassName] : []);
    case 'CrossNamespacePodAffinity':
      return affinityTerms(spec!).some(
        ({ namespaces, namespaceSelector }) =>
          (namespaces ?? []).length > 0 || namespaceSelector !== undefined,
      );
    default:
      return false;
  }
};

const fitsClaim = (requirement: Requirement, { spec, status }: PersistentVolumeClaim): boolean => {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return fitsName(requirement, names.filter((name) => name !== undefined && name !== '') as string[]);
};

const fitsName = ({ operator, values = [] }: Requirement, names: readonly string[]): boolean => {
  switch (operator) {
    case 'In':
      return names.some((name) => values.includes(name));
    case 'NotIn':
      return !names.some((name) => values.includes(name));
    case 'DoesNotExist':
      return names.length === 0;
    default:
      return names.length > 0;
  }
};

const affinityTerms = ({ affinity }: NonNullable<Pod['spec']>): readonly PodAffinityTerm[] =>
  [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((side) => [
    ...(side?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ]);
