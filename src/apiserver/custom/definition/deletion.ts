// How a definition goes: it stays until all objects of its kinds are gone.
// Source: k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition/etcd.go, Delete.
import type { CustomResourceDefinition } from '../../../k8s/generated/types.ts';
import { withCondition } from './conditions.ts';

export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

export const deletionPending = (
  definition: CustomResourceDefinition,
  nowMs: number,
): CustomResourceDefinition =>
  withCondition(
    definition,
    {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    },
    nowMs,
  );
