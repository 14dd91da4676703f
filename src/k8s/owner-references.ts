// Who owns an object, and who controls it. https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/
import type { ObjectMeta, OwnerReference } from './generated/types.ts';
import type { KubeObject, Stored } from './objects.ts';
import { apiVersionOf } from './resources.ts';
import type { Resource } from './resources.ts';

/** The reference to the object's managing controller: there is at most one. */
export const controllerOf = (object: {
  readonly metadata?: ObjectMeta | undefined;
}): OwnerReference | undefined =>
  object.metadata?.ownerReferences?.find(({ controller }) => controller === true);

/** The reference by which `owner` controls an object; its deletion in the foreground waits for that object. */
export const controllerReference = (resource: Resource, owner: Stored<KubeObject>): OwnerReference => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});
