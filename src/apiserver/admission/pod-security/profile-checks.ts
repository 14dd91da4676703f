// The profiles that confine a pod (k8s.io/pod-security-admission/policy: check_appArmorProfile.go, check_seLinuxOptions.go,
// check_seccompProfile_*.go, check_procMount*.go).
import type { SELinuxOptions } from '../../../k8s/generated/types.ts';
import { containersOf, counted, namesWhere, plural, quoted, settersText, unique } from './check.ts';
import type { Check, PodLike } from './check.ts';

type Context =
  | PodLike['spec']['securityContext']
  | ReturnType<typeof containersOf>[number]['securityContext'];

/** The security contexts of the pod and of its containers. */
const contextsOf = ({ spec }: PodLike): readonly Context[] => [
  spec.securityContext,
  ...containersOf(spec).map(({ securityContext }) => securityContext),
];

/** Who has a context of which that is true. */
const settersWhere = (pod: PodLike, isBad: (context: Context) => boolean): string | undefined =>
  settersText(
    isBad(pod.spec.securityContext),
    namesWhere(pod, ({ securityContext }) => isBad(securityContext)),
  );

const isConfined = (type: string | undefined): boolean => type === 'RuntimeDefault' || type === 'Localhost';

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

export const appArmorProfile: Check = (pod) => {
  const isBad = (context: Context): boolean =>
    context?.appArmorProfile !== undefined && !isConfined(context.appArmorProfile.type);
  const types = unique(
    contextsOf(pod)
      .filter(isBad)
      .map((context) => context?.appArmorProfile?.type),
  );
  const annotated = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(APP_ARMOR) && !/^($|runtime\/default$|localhost\/)/.test(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const setters = settersWhere(pod, isBad);
  const details = [
    ...(setters ? [`${setters} must not set AppArmor profile type to ${quoted(types)}`] : []),
    ...annotated.sort(),
  ];
  if (details.length === 0) return undefined;
  const forbidden = [...types, ...annotated];
  return { reason: plural('forbidden AppArmor profile', forbidden), detail: details.join(', ') };
};

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinux =
  (types: readonly string[]): Check =>
  (pod) => {
    const isBadType = ({ type = '' }: SELinuxOptions): boolean => !types.includes(type);
    const isBad = (context: Context): boolean => {
      const options = context?.seLinuxOptions;
      return options !== undefined && (isBadType(options) || Boolean(options.user) || Boolean(options.role));
    };
    const setters = settersWhere(pod, isBad);
    if (!setters) return undefined;
    const options = contextsOf(pod).flatMap((context) => context?.seLinuxOptions ?? []);
    const bad = unique(options.filter(isBadType).map(({ type }) => type));
    const details = [
      ...(bad.length > 0 ? [counted('type', bad)] : []),
      ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
      ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${setters} set forbidden securityContext.seLinuxOptions: ${details.join('; ')}`,
    };
  };

export const seLinuxOptions = {
  v1_0: seLinux(SELINUX_TYPES),
  v1_31: seLinux([...SELINUX_TYPES, 'container_engine_t']),
};

const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/';

export const seccompAnnotations: Check = ({ metadata, spec }) => {
  const keys = [SECCOMP_POD, ...containersOf(spec).map(({ name }) => `${SECCOMP_CONTAINER}${name}`)];
  const forbidden = keys.flatMap((key) => {
    const value = metadata.annotations?.[key];
    const isFine = value === undefined || /^((runtime|docker)\/default$|localhost\/)/.test(value);
    return isFine ? [] : [`${key}=${JSON.stringify(value)}`];
  });
  if (forbidden.length === 0) return undefined;
  const values = unique(forbidden);
  return {
    reason: 'seccompProfile',
    detail: `forbidden ${plural('annotation', values)} ${values.join(', ')}`,
  };
};

export const seccompBaseline: Check = (pod) => {
  const isBad = (context: Context): boolean =>
    context?.seccompProfile !== undefined && !isConfined(context.seccompProfile.type);
  const setters = settersWhere(pod, isBad);
  if (!setters) return undefined;
  const types = unique(
    contextsOf(pod)
      .filter(isBad)
      .map((context) => context?.seccompProfile?.type),
  );
  return {
    reason: 'seccompProfile',
    detail: `${setters} must not set securityContext.seccompProfile.type to ${quoted(types)}`,
  };
};

export const seccompRestricted: Check = (pod) => {
  const wrong = seccompBaseline(pod);
  if (wrong || isConfined(pod.spec.securityContext?.seccompProfile?.type)) return wrong;
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.seccompProfile === undefined);
  if (names.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${counted('container', names)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

export const procMount: Check = (pod) => {
  const typeOf = (context: Context): string | undefined =>
    context && 'procMount' in context ? context.procMount : undefined;
  const isBad = (type: string | undefined): boolean => type !== undefined && type !== 'Default';
  const names = namesWhere(pod, ({ securityContext }) => isBad(securityContext?.procMount));
  if (names.length === 0) return undefined;
  const types = unique(contextsOf(pod).map(typeOf).filter(isBad));
  return {
    reason: 'procMount',
    detail: `${counted('container', names)} must not set securityContext.procMount to ${quoted(types)}`,
  };
};
