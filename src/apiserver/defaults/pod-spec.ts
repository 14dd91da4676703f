// What kube-apiserver fills into a pod's spec, in pods and in templates (kubernetes pkg/apis/core/v1/defaults.go).
import type { Container, Pod, PodSpec, PodStatus, PodTemplateSpec } from '../../k8s/generated/types.ts';
import { defaultContainer } from './container.ts';
import type { Mutable } from './mutable.ts';
import { canonicalResources, defaultRequirements, requestLimits } from './resources.ts';
import { defaultVolume } from './volume.ts';

/** What templates get as well: the least, since each new default would change every stored Deployment. */
const defaultPodSpec = (spec: Mutable<PodSpec>): void => {
  spec.restartPolicy ||= 'Always';
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.schedulerName ||= 'default-scheduler';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  const account = spec.serviceAccountName || spec.serviceAccount; // the deprecated name follows the other
  if (account) [spec.serviceAccountName, spec.serviceAccount] = [account, account];
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of allContainers(spec)) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  if (spec.resources) defaultRequirements(spec.resources);
  canonicalResources(spec.overhead);
};

export const defaultPodTemplate = (template: Mutable<PodTemplateSpec>): void => {
  template.spec ??= { containers: [] };
  defaultPodSpec(template.spec);
};

export const defaultPod = (pod: Mutable<Pod>): void => {
  pod.spec ??= { containers: [] };
  defaultPodSpec(pod.spec);
  pod.spec.enableServiceLinks ??= true;
  for (const container of allContainers(pod.spec)) {
    if (pod.spec.hostNetwork) exposeOnHost(container);
    requestLimits(container.resources);
    defaultResizePolicy(container);
  }
  if (pod.status) defaultPodStatus(pod.status);
};

const allContainers = (spec: Mutable<PodSpec>): Mutable<Container>[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
];

const exposeOnHost = ({ ports }: Mutable<Container>): void => {
  for (const port of ports ?? []) port.hostPort ||= port.containerPort;
};

/** KEP-1287: a running container takes a new CPU or memory request without a restart. */
const defaultResizePolicy = (container: Mutable<Container>): void => {
  const requests = container.resources?.requests ?? {};
  const known = new Set((container.resizePolicy ?? []).map(({ resourceName }) => resourceName));
  const missing = ['cpu', 'memory'].filter((name) => name in requests && !known.has(name));
  if (missing.length === 0) return;
  const added = missing.map((resourceName) => ({ resourceName, restartPolicy: 'NotRequired' }));
  container.resizePolicy = [...(container.resizePolicy ?? []), ...added];
};

/** podIP is the first of podIPs; a client may set either. */
const defaultPodStatus = (status: Mutable<PodStatus>): void => {
  if (status.podIP && !status.podIPs?.length) status.podIPs = [{ ip: status.podIP }];
  const first = status.podIPs?.[0]?.ip;
  if (first) status.podIP = first;
};
