import type { Pod } from '../../../k8s/generated/types.ts';
import { joinKey } from '../../../k8s/objects.ts';
import { pods, serviceAccounts } from '../../../k8s/resources.ts';
import { admitPod, initialStatus } from '../../admission/pod.ts';
import { AGE, NAME, ageCell, nameCell, texts, wide } from '../../columns/columns.ts';
import { podCells, widePodCells } from '../../columns/pod-cells.ts';
import { defaultPod } from '../../defaults/pod-spec.ts';
import { validatePodUpdate } from '../../validation/pod-update.ts';
import { validatePod } from '../../validation/pod.ts';
import { narrowToEphemeral, validateEphemeralUpdate } from '../../validation/ephemeral-update.ts';
import { defineKind } from '../define-kind.ts';

/** The service account that every namespace gets, a moment after it is made. */
const DEFAULT = 'default';

export const podKind = defineKind<Pod>({
  resource: pods,
  singular: 'pod',
  shortNames: ['po'],
  categories: ['all'],
  definition: 'io.k8s.api.core.v1.Pod',
  nameRule: 'dns1123Subdomain',
  subresources: [
    'status',
    'binding',
    'eviction',
    'log',
    'exec',
    'attach',
    'portforward',
    'proxy',
    'ephemeralcontainers',
  ],
  columns: [
    NAME,
    ...texts('Ready', 'Status', 'Restarts'),
    AGE,
    ...wide('IP', 'Node', 'Nominated Node', 'Readiness Gates'),
  ],
  row: (pod, nowMs) => [nameCell(pod), ...podCells(pod, nowMs), ageCell(pod, nowMs), ...widePodCells(pod)],
  fields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec?.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIPs?.[0]?.ip ?? '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  applyDefaults: defaultPod,
  awaits: ({ spec }, namespace) =>
    (spec?.serviceAccountName || spec?.serviceAccount || DEFAULT) === DEFAULT
      ? { resource: serviceAccounts, key: joinKey(namespace, DEFAULT) }
      : undefined,
  admit: admitPod,
  prepareForCreate: (pod) => {
    pod.status = initialStatus(pod);
  },
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  parts: {
    ephemeralcontainers: { narrow: narrowToEphemeral, validateUpdate: validateEphemeralUpdate },
  },
  gracefulDelete: (pod, requestedSeconds) => gracePeriodOf(pod, requestedSeconds),
});

/** Seconds that the kubelet may take; none where no kubelet runs the pod (any more). */
const gracePeriodOf = ({ spec, status }: Pod, requestedSeconds: number | undefined): number => {
  const isRunning = spec?.nodeName && status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
  if (!isRunning) return 0;
  const seconds = requestedSeconds ?? spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds;
};
