// What every operation on a pod works with.
import type { EventRecorder } from '../../client/event-recorder.ts';
import type { Container, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { pods } from '../../k8s/resources.ts';
import type { NodeCapacity } from '../env/resource-field.ts';
import type { ServiceDirectory } from '../env/service-directory.ts';
import type { KubeletOptions } from '../options.ts';
import type { PodFolders } from '../pod-folders.ts';
import type { References } from '../references.ts';
import type { ServiceAccountTokens } from '../volumes/service-account-tokens.ts';
import type { PodRecord } from './pod-record.ts';
import type { Slots } from './slots.ts';

export type PodContext = Pick<
  KubeletOptions,
  'client' | 'runtime' | 'node' | 'cluster' | 'hostResolvConf' | 'memoryFiles' | 'clock' | 'log'
> & {
  readonly services: ServiceDirectory;
  readonly folders: PodFolders;
  readonly references: References;
  readonly tokens: ServiceAccountTokens;
  readonly recorder: EventRecorder;
  readonly capacity: NodeCapacity;
  readonly slots: Slots;
};

/** An event about the pod, or about one of its containers. */
export const tell = (
  { recorder }: Pick<PodContext, 'recorder'>,
  pod: Stored<Pod>,
  event: {
    readonly type?: 'Warning';
    readonly reason: string;
    readonly message: string;
    readonly container?: Container | undefined;
  },
): void => {
  const { type = 'Normal', reason, message, container } = event;
  const fieldPath = container && `spec.${listOf(pod, container)}{${container.name}}`;
  recorder.record(pods, pod, { type, reason, message, ...(fieldPath ? { fieldPath } : {}) });
};

/** The pod's addresses: its sandbox's, or the node's for hostNetwork pods. */
export const podIpsOf = ({ pod, sandbox }: PodRecord, context: Pick<PodContext, 'node'>): readonly string[] =>
  pod.spec?.hostNetwork ? context.node.addresses : (sandbox?.ips ?? []);

const listOf = ({ spec }: Pod, container: Container): string => {
  if (spec?.initContainers?.includes(container)) return 'initContainers';
  return spec?.ephemeralContainers?.includes(container) ? 'ephemeralContainers' : 'containers';
};
