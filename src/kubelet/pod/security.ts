// securityContext of pod and container -> what the runtime enforces. The container's own fields win.
import type { Container, Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { ContainerSecurity, ImageStatus } from '../../runtime/runtime.ts';

export const containerSecurity = (pod: Stored<Pod>, container: Container): ContainerSecurity => {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  return {
    privileged: own.privileged ?? false,
    runAsUser: own.runAsUser ?? ofPod.runAsUser,
    runAsGroup: own.runAsGroup ?? ofPod.runAsGroup,
    supplementalGroups: [
      ...(ofPod.supplementalGroups ?? []),
      ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup]),
    ],
    readonlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    noNewPrivileges: own.allowPrivilegeEscalation === false,
  };
};

/** Why the container may not run under runAsNonRoot, in kubelet's words (security_context.go); undefined if it may. */
export const nonRootProblem = (
  pod: Stored<Pod>,
  container: Container,
  image: ImageStatus | undefined,
): string | undefined => {
  const ofPod = pod.spec?.securityContext ?? {};
  const own = container.securityContext ?? {};
  if (!(own.runAsNonRoot ?? ofPod.runAsNonRoot)) return undefined;
  const { name, namespace, uid } = pod.metadata;
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${container.name})`;
  const user = own.runAsUser ?? ofPod.runAsUser;
  if (user !== undefined)
    return user === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  const imageUser = image?.user?.split(':')[0] || '0';
  if (imageUser === '0') return `container has runAsNonRoot and image will run as root ${where}`;
  if (/^\d+$/.test(imageUser)) return undefined;
  return `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`;
};
