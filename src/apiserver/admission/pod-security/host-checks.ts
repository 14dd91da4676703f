// What a pod takes of its host (k8s.io/pod-security-admission/policy: check_hostNamespaces.go, check_hostPathVolumes.go,
// check_hostPorts.go, check_hostProbesAndhostLifecycle.go, check_privileged.go, check_sysctls.go, check_windowsHostProcess.go).
import type { LifecycleHandler, Probe } from '../../../k8s/generated/types.ts';
import { containersOf, counted, namesWhere, plural, settersText, unique } from './check.ts';
import type { AnyContainer, Check } from './check.ts';

export const hostNamespaces: Check = ({ spec }) => {
  const used = (['hostIPC', 'hostNetwork', 'hostPID'] as const).filter((name) => spec[name]);
  return used.length > 0 ? { reason: 'host namespaces', detail: used.join(', ') } : undefined;
};

export const hostPathVolumes: Check = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name);
  return names.length > 0 ? { reason: 'hostPath volumes', detail: counted('volume', names) } : undefined;
};

const hostPortsOf = ({ ports = [] }: AnyContainer): readonly string[] =>
  ports.flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []));

export const hostPorts: Check = (pod) => {
  const names = namesWhere(pod, (container) => hostPortsOf(container).length > 0);
  if (names.length === 0) return undefined;
  const ports = unique(containersOf(pod.spec).flatMap(hostPortsOf));
  const verb = names.length === 1 ? 'uses' : 'use';
  return {
    reason: 'hostPort',
    detail: `${counted('container', names)} ${verb} ${plural('hostPort', ports)} ${ports.join(', ')}`,
  };
};

const hostsOf = (container: AnyContainer): readonly string[] => {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  const handlers: readonly (Probe | LifecycleHandler | undefined)[] = [
    livenessProbe,
    readinessProbe,
    startupProbe,
    lifecycle?.postStart,
    lifecycle?.preStop,
  ];
  return handlers
    .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
    .filter((host) => host !== undefined)
    .filter((host) => host !== '');
};

export const probeHosts: Check = (pod) => {
  const names = unique(namesWhere(pod, (container) => hostsOf(container).length > 0));
  if (names.length === 0) return undefined;
  const hosts = unique(containersOf(pod.spec).flatMap(hostsOf));
  const verb = names.length === 1 ? 'uses' : 'use';
  return {
    reason: 'probe or lifecycle host',
    detail: `${counted('container', names)} ${verb} ${counted('probe or lifecycle host', hosts)}`,
  };
};

export const privileged: Check = (pod) => {
  const names = namesWhere(pod, ({ securityContext }) => securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  return {
    reason: 'privileged',
    detail: `${counted('container', names)} must not set securityContext.privileged=true`,
  };
};

export const windowsHostProcess: Check = (pod) => {
  const isSet = (
    context:
      | { readonly windowsOptions?: { readonly hostProcess?: boolean | undefined } | undefined }
      | undefined,
  ) => context?.windowsOptions?.hostProcess === true;
  const setters = settersText(
    isSet(pod.spec.securityContext),
    namesWhere(pod, ({ securityContext }) => isSet(securityContext)),
  );
  const detail = `${setters} must not set securityContext.windowsOptions.hostProcess=true`;
  return setters ? { reason: 'hostProcess', detail } : undefined;
};

const SYSCTLS_1_0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const SYSCTLS_1_27 = [...SYSCTLS_1_0, 'net.ipv4.ip_local_reserved_ports'];
const SYSCTLS_1_29 = [
  ...SYSCTLS_1_27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const SYSCTLS_1_32 = [...SYSCTLS_1_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const sysctls =
  (allowed: readonly string[]): Check =>
  ({ spec }) => {
    const names = (spec.securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => !allowed.includes(name));
    return names.length > 0 ? { reason: 'forbidden sysctls', detail: names.join(', ') } : undefined;
  };

/** By the version of the standards that they are of. */
export const safeSysctls = {
  v1_0: sysctls(SYSCTLS_1_0),
  v1_27: sysctls(SYSCTLS_1_27),
  v1_29: sysctls(SYSCTLS_1_29),
  v1_32: sysctls(SYSCTLS_1_32),
};
