// The table of kinds: what the embedded API server serves.
import { createServiceAllocator } from '../allocate/service-allocator.ts';
import type { ServiceRanges } from '../allocate/service-ranges.ts';
import type { Kind } from '../kind.ts';
import { customResourceDefinitionKind } from '../custom/definition/definition-kind.ts';
import {
  mutatingWebhookConfigurationKind,
  validatingWebhookConfigurationKind,
} from './admission/webhooks.ts';
import {
  mutatingAdmissionPolicyBindingKind,
  mutatingAdmissionPolicyKind,
} from './admission/mutating-admission-policy.ts';
import { validatingAdmissionPolicyKind } from './admission/validating-admission-policy.ts';
import { validatingAdmissionPolicyBindingKind } from './admission/validating-admission-policy-binding.ts';
import { apiServiceKind } from './apiregistration/api-service.ts';
import { controllerRevisionKind } from './apps/controller-revision.ts';
import { daemonSetKind } from './apps/daemon-set.ts';
import { deploymentKind } from './apps/deployment.ts';
import { replicaSetKind } from './apps/replica-set.ts';
import { statefulSetKind } from './apps/stateful-set.ts';
import { horizontalPodAutoscalerKind } from './autoscaling/horizontal-pod-autoscaler.ts';
import { olderHorizontalPodAutoscalerKind } from './autoscaling/older-horizontal-pod-autoscaler.ts';
import { cronJobKind } from './batch/cron-job.ts';
import { jobKind } from './batch/job.ts';
import { certificateSigningRequestKind } from './certificates/certificate-signing-request.ts';
import { leaseKind } from './coordination/lease.ts';
import { configMapKind } from './core/config-map.ts';
import { endpointsKind } from './core/endpoints.ts';
import { eventKind } from './core/event.ts';
import { limitRangeKind } from './core/limit-range.ts';
import { namespaceKind } from './core/namespace.ts';
import { nodeKind } from './core/node.ts';
import { persistentVolumeKind } from './core/persistent-volume.ts';
import { persistentVolumeClaimKind } from './core/persistent-volume-claim.ts';
import { podKind } from './core/pod.ts';
import { podTemplateKind } from './core/pod-template.ts';
import { replicationControllerKind } from './core/replication-controller.ts';
import { resourceQuotaKind } from './core/resource-quota.ts';
import { secretKind } from './core/secret.ts';
import { serviceKind } from './core/service.ts';
import { serviceAccountKind } from './core/service-account.ts';
import { endpointSliceKind } from './discovery/endpoint-slice.ts';
import { newerEventKind } from './events/event.ts';
import { ingressKind } from './networking/ingress.ts';
import { ingressClassKind } from './networking/ingress-class.ts';
import { ipAddressKind } from './networking/ip-address.ts';
import { networkPolicyKind } from './networking/network-policy.ts';
import { serviceCidrKind } from './networking/service-cidr.ts';
import { runtimeClassKind } from './node/runtime-class.ts';
import { podDisruptionBudgetKind } from './policy/pod-disruption-budget.ts';
import { clusterRoleKind } from './rbac/cluster-role.ts';
import { clusterRoleBindingKind } from './rbac/cluster-role-binding.ts';
import { roleKind } from './rbac/role.ts';
import { roleBindingKind } from './rbac/role-binding.ts';
import { priorityClassKind } from './scheduling/priority-class.ts';
import { storageClassKind } from './storage/storage-class.ts';
import {
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
} from './storage/csi.ts';

/** The rows of one API server: the node ports of Services are its own. */
export const createKinds = (ranges: ServiceRanges): readonly Kind[] => [
  configMapKind,
  endpointsKind,
  eventKind,
  namespaceKind,
  nodeKind,
  podKind,
  secretKind,
  serviceAccountKind,
  serviceKind(createServiceAllocator(ranges)),
  deploymentKind,
  replicaSetKind,
  leaseKind,
  endpointSliceKind,
  roleKind,
  roleBindingKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  serviceCidrKind(ranges.serviceCidrs),
  ipAddressKind,
  statefulSetKind,
  daemonSetKind,
  controllerRevisionKind,
  jobKind,
  cronJobKind,
  persistentVolumeKind,
  persistentVolumeClaimKind,
  podTemplateKind,
  replicationControllerKind,
  resourceQuotaKind,
  limitRangeKind,
  networkPolicyKind,
  ingressKind,
  ingressClassKind,
  podDisruptionBudgetKind,
  priorityClassKind,
  runtimeClassKind,
  storageClassKind,
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
  horizontalPodAutoscalerKind,
  olderHorizontalPodAutoscalerKind,
  newerEventKind,
  apiServiceKind,
  certificateSigningRequestKind,
  customResourceDefinitionKind,
  mutatingWebhookConfigurationKind,
  validatingWebhookConfigurationKind,
  mutatingAdmissionPolicyKind,
  mutatingAdmissionPolicyBindingKind,
  validatingAdmissionPolicyKind,
  validatingAdmissionPolicyBindingKind,
];
