// The pod that a template describes, as its owner makes it.
import type { Pod, PodTemplateSpec } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { controllerReference } from '../../k8s/owner-references.ts';
import type { Resource } from '../../k8s/resources.ts';

/** Without a name: `generateName` lets the API server complete one. */
export const podFromTemplate = (
  resource: Resource,
  owner: Stored<KubeObject>,
  template: PodTemplateSpec | undefined,
): Pod => {
  const { metadata, spec } = template ?? {};
  return {
    metadata: {
      generateName: `${owner.metadata.name}-`,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
      ...(metadata?.finalizers ? { finalizers: metadata.finalizers } : {}),
      ownerReferences: [controllerReference(resource, owner)],
    },
    ...(spec ? { spec } : {}),
  };
};
