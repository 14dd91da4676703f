// What a pod's processes may do, and on which volumes (k8s.io/pod-security-admission/policy: check_allowPrivilegeEscalation.go,
// check_capabilities_*.go, check_runAsNonRoot.go, check_runAsUser.go, check_restrictedVolumes.go).
import { containersOf, counted, namesWhere, plural, quoted, settersText, unique } from './check.ts';
import type { AnyContainer, Check } from './check.ts';

export const allowPrivilegeEscalation: Check = (pod) => {
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${counted('container', names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const DEFAULT_CAPABILITIES = [
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
];

/** Which containers add capabilities besides these, and which. */
const addedBesides = (allowed: readonly string[]) => {
  const addedBy = ({ securityContext }: AnyContainer): readonly string[] =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !allowed.includes(name));
  return (pod: Parameters<Check>[0]): string | undefined => {
    const names = namesWhere(pod, (container) => addedBy(container).length > 0);
    if (names.length === 0) return undefined;
    const added = unique(containersOf(pod.spec).flatMap(addedBy));
    return `${counted('container', names)} must not include ${quoted(added)} in securityContext.capabilities.add`;
  };
};

const addedBesidesDefault = addedBesides(DEFAULT_CAPABILITIES);
const addedBesidesBind = addedBesides(['NET_BIND_SERVICE']);

export const capabilitiesBaseline: Check = (pod) => {
  const detail = addedBesidesDefault(pod);
  return detail ? { reason: 'non-default capabilities', detail } : undefined;
};

export const capabilitiesRestricted: Check = (pod) => {
  const keeping = namesWhere(
    pod,
    ({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'),
  );
  const added = addedBesidesBind(pod);
  const details = [
    ...(keeping.length > 0
      ? [`${counted('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`]
      : []),
    ...(added ? [added] : []),
  ];
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

export const runAsNonRoot: Check = (pod) => {
  const reason = 'runAsNonRoot != true';
  const ofPod = pod.spec.securityContext?.runAsNonRoot;
  const setters = settersText(
    ofPod === false,
    namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === false),
  );
  if (setters) return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  if (ofPod) return undefined;
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (names.length === 0) return undefined;
  return {
    reason,
    detail: `pod or ${counted('container', names)} must set securityContext.runAsNonRoot=true`,
  };
};

export const runAsUser: Check = (pod) => {
  const setters = settersText(
    pod.spec.securityContext?.runAsUser === 0,
    namesWhere(pod, ({ securityContext }) => securityContext?.runAsUser === 0),
  );
  return setters ? { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` } : undefined;
};

const VOLUME_TYPES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

export const restrictedVolumes: Check = ({ spec }) => {
  const bad = (spec.volumes ?? []).flatMap((volume) => {
    const { name, ...source } = volume;
    const types = Object.entries(source).flatMap(([type, value]) => (value === undefined ? [] : [type]));
    return types.some((type) => VOLUME_TYPES.includes(type)) ? [] : [{ name, type: types[0] ?? 'unknown' }];
  });
  if (bad.length === 0) return undefined;
  const names = bad.map(({ name }) => name);
  const types = unique(bad.map(({ type }) => type));
  const verb = names.length === 1 ? 'uses' : 'use';
  return {
    reason: 'restricted volume types',
    detail: `${counted('volume', names)} ${verb} ${plural('restricted volume type', types)} ${quoted(types)}`,
  };
};
