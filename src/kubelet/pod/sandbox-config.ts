// What the runtime is asked to make for a pod as a whole.
import type { Pod, PodSpec } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { podCgroup } from '../../runtime/pod-cgroups.ts';
import type { PodSandboxConfig, PortMapping } from '../../runtime/runtime.ts';
import { podHostName } from '../network-files/hostname.ts';
import { podDns } from '../network-files/resolv-conf.ts';
import type { KubeletOptions } from '../options.ts';

export type SandboxFacts = Pick<KubeletOptions, 'cluster' | 'hostResolvConf' | 'node'> & {
  readonly attempt: number;
  readonly logDirectory: string;
};

export const sandboxConfig = (pod: Stored<Pod>, facts: SandboxFacts): PodSandboxConfig => {
  const { cluster, node } = facts;
  const { name, namespace = '', uid, labels = {}, annotations = {} } = pod.metadata;
  const spec = pod.spec ?? { containers: [] };
  const hostNetwork = spec.hostNetwork ?? false;
  return {
    pod: { namespace, name, uid, attempt: facts.attempt },
    hostname: hostNetwork ? '' : podHostName(pod, cluster.domain).hostname,
    logDirectory: facts.logDirectory,
    dns: podDns({
      spec,
      namespace,
      domain: cluster.domain,
      dnsServiceIps: cluster.dnsServiceIps,
      host: facts.hostResolvConf,
    }),
    hostNetwork,
    portMappings: hostNetwork ? [] : portMappings(spec),
    sharedPid: spec.shareProcessNamespace ?? false,
    sysctls: Object.fromEntries((spec.securityContext?.sysctls ?? []).map((each) => [each.name, each.value])),
    labels,
    annotations,
    cgroupParent: podCgroup({ cluster: cluster.name, node: node.name, uid, annotations }),
  };
};

/** Init containers that end before the others begin serve nobody (pkg/kubelet/kuberuntime, kuberuntime_sandbox.go). */
const portMappings = (spec: PodSpec): readonly PortMapping[] =>
  [
    ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
    ...spec.containers,
  ]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort > 0)
    .map(({ protocol = 'TCP', containerPort, hostPort = 0, hostIP = '' }) => ({
      protocol: protocol as PortMapping['protocol'],
      containerPort,
      hostPort,
      hostIp: hostIP,
    }));
