// ReplicaSets, and ReplicationControllers, which were before them.
import type { LabelSelector, PodTemplateSpec, ReplicaSetStatus } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { type Resource, replicaSets, replicationControllers } from '../../k8s/resources.ts';

/** What both have; their selectors differ. */
export type Replicated = KubeObject & {
  readonly spec?:
    | {
        readonly replicas?: number | undefined;
        readonly minReadySeconds?: number | undefined;
        readonly template?: PodTemplateSpec | undefined;
        readonly selector?: unknown;
      }
    | undefined;
  readonly status?: ReplicaSetStatus | undefined;
};

export type ReplicaKind = {
  readonly resource: Resource<Replicated>;
  readonly selectorOf: (owner: Stored<Replicated>) => LabelSelector | undefined;
  /** The status as the kind has it. */
  readonly statusOf: (status: ReplicaSetStatus) => ReplicaSetStatus;
};

export const REPLICA_SET: ReplicaKind = {
  resource: replicaSets,
  selectorOf: ({ spec }) => spec?.selector as LabelSelector | undefined,
  statusOf: (status) => status,
};

export const REPLICATION_CONTROLLER: ReplicaKind = {
  resource: replicationControllers,
  selectorOf: ({ spec }) => ({ matchLabels: (spec?.selector ?? {}) as Readonly<Record<string, string>> }),
  statusOf: ({ terminatingReplicas: _terminating, ...status }) => status,
};
