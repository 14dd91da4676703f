// What the admission plugin NamespaceLifecycle guards: objects are created only in namespaces that exist and stay, and
// some namespaces cannot be deleted. Source: k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
import type { Namespace } from '../../k8s/generated/types.ts';
import { namespaces } from '../../k8s/resources.ts';
import type { Kind } from '../kind.ts';
import { forbidden, notFound } from '../status-errors.ts';
import type { Machinery } from './machinery.ts';

const IMMORTAL: readonly string[] = ['default', 'kube-system', 'kube-public'];

/** Throws NotFound for a missing namespace, Forbidden for one that is being deleted. */
export const checkNamespaceTakesContent = (
  { store }: Machinery,
  { resource }: Kind,
  namespace: string,
  name: string,
): void => {
  const found = store.table(namespaces).objects.get(namespace) as Namespace | undefined;
  if (!found) throw notFound(namespaces, namespace);
  if (!found.metadata?.deletionTimestamp && found.status?.phase !== 'Terminating') return;
  throw forbidden(
    resource,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
    [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  );
};

/** Throws Forbidden for the namespaces that a cluster cannot be without. */
export const checkMayBeDeleted = ({ resource }: Kind, name: string): void => {
  if (resource.group === '' && resource.resource === namespaces.resource && IMMORTAL.includes(name))
    throw forbidden(resource, name, 'this namespace may not be deleted');
};
