// Rules for the counts in the status of workloads (kubernetes pkg/apis/apps/validation/validation.go).
import { invalid } from '../../../k8s/field-errors.ts';
import type {
  DaemonSet,
  Deployment,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from '../../../k8s/generated/types.ts';
import { type FieldErrors, when } from '../compose.ts';
import { notNegative } from '../scalars.ts';

export const validateDeploymentStatus = (after: Deployment, before: Deployment): FieldErrors => [
  ...notNegativeCounts(after.status, [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'terminatingReplicas',
    'collisionCount',
  ]),
  ...ofReplicas(after.status, ['updatedReplicas', 'readyReplicas', 'availableReplicas'], 'readyReplicas'),
  ...collisions(after.status, before.status),
];

/** ReplicationControllers' too. */
export const validateReplicaSetStatus = ({ status }: ReplicaSet | ReplicationController): FieldErrors => [
  ...notNegativeCounts(status as ReplicaSet['status'], [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'observedGeneration',
    'terminatingReplicas',
  ]),
  ...ofReplicas(status, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'], 'readyReplicas'),
];

export const validateStatefulSetStatus = (after: StatefulSet, before: StatefulSet): FieldErrors => {
  const parts = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const;
  return [
    ...notNegativeCounts(after.status, ['replicas', ...parts, 'observedGeneration', 'collisionCount']),
    ...ofReplicas(after.status, parts, 'status.readyReplicas'),
    ...collisions(after.status, before.status),
  ];
};

export const validateDaemonSetStatus = (after: DaemonSet, before: DaemonSet): FieldErrors => [
  ...notNegativeCounts(after.status, [
    'currentNumberScheduled',
    'numberMisscheduled',
    'desiredNumberScheduled',
    'numberReady',
    'observedGeneration',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
    'collisionCount',
  ]),
  ...collisions(after.status, before.status),
];

type Counts<Name extends string> = { readonly [name in Name]?: number | undefined };

const notNegativeCounts = <Name extends string>(
  status: Counts<Name> | undefined,
  names: readonly Name[],
): FieldErrors => names.flatMap((name) => notNegative(status?.[name], `status.${name}`));

/** `parts` are some of all replicas; those that are available are some of the ready ones, which `ready` names. */
const ofReplicas = <Part extends string>(
  status: Counts<Part | 'replicas' | 'readyReplicas' | 'availableReplicas'> | undefined,
  parts: readonly Part[],
  ready: string,
): FieldErrors => [
  ...parts.flatMap((name) => atMost(status?.[name], status?.replicas, name, 'status.replicas')),
  ...atMost(status?.availableReplicas, status?.readyReplicas, 'availableReplicas', ready),
];

const atMost = (
  value: number | undefined,
  most: number | undefined,
  name: string,
  whole: string,
): FieldErrors =>
  when((value ?? 0) > (most ?? 0), () => invalid(`status.${name}`, value, `cannot be greater than ${whole}`));

type Collisions = { readonly collisionCount?: number | undefined } | undefined;

/** Names of revisions are made from it: no number comes again. */
const collisions = (after: Collisions, before: Collisions): FieldErrors =>
  when((after?.collisionCount ?? -1) < (before?.collisionCount ?? -1), () =>
    invalid('status.collisionCount', after?.collisionCount ?? 0, 'cannot be decremented'),
  );
