// Rules for the spec of a pod, shared by pods and all pod templates (kubernetes pkg/apis/core/validation/validation.go).
import { invalid, notSupported, required } from '../../k8s/field-errors.ts';
import type { PodSpec } from '../../k8s/generated/types.ts';
import { affinity } from './affinity.ts';
import { type FieldErrors, each, eachEntry, ifSet, ifText, when } from './compose.ts';
import { containers, ephemeralContainers, initContainers } from './containers.ts';
import { dnsConfig, hostAliases } from './dns-config.ts';
import { labels } from './labels.ts';
import { resourceQuantity, resourceRequirements } from './resources.ts';
import { oneOf, optionalOneOf, positiveInt32 } from './scalars.ts';
import { schedulingGates, tolerations, topologySpread } from './scheduling.ts';
import { hostUsers, podSecurity } from './security-context.ts';
import { dnsLabel, dnsSubdomain, qualified } from './texts.ts';
import { volumes } from './volumes.ts';

export const podSpec = (spec: PodSpec, path: string): FieldErrors => [
  ...when(spec.terminationGracePeriodSeconds === undefined, () =>
    required(`${path}.terminationGracePeriodSeconds`),
  ),
  ...volumes(spec.volumes, `${path}.volumes`),
  ...containers(spec, `${path}.containers`),
  ...initContainers(spec, `${path}.initContainers`),
  ...ephemeralContainers(spec, `${path}.ephemeralContainers`),
  ...resourceRequirements(spec.resources, `${path}.resources`),
  ...hostNetworkPorts(spec, `${path}.containers`),
  ...oneOf(spec.restartPolicy, ['Always', 'OnFailure', 'Never'], `${path}.restartPolicy`),
  ...oneOf(
    spec.dnsPolicy,
    ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'],
    `${path}.dnsPolicy`,
  ),
  ...labels(spec.nodeSelector, `${path}.nodeSelector`),
  ...podSecurity(spec, `${path}.securityContext`),
  ...placement(spec, path),
  ...names(spec, path),
  ...eachEntry(spec.overhead, `${path}.overhead.limits`, resourceQuantity),
  ...operatingSystem(spec, `${path}.os`),
];

const placement = (spec: PodSpec, path: string): FieldErrors => [
  ...affinity(spec.affinity, `${path}.affinity`),
  ...dnsConfig(spec, `${path}.dnsConfig`),
  ...each(spec.readinessGates, `${path}.readinessGates`, ({ conditionType }, at) =>
    qualified(conditionType ?? '', `${at}.conditionType`),
  ),
  ...schedulingGates(spec.schedulingGates, `${path}.schedulingGates`),
  ...topologySpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`),
  ...hostUsers(spec, path),
  ...tolerations(spec.tolerations, `${path}.tolerations`),
  ...hostAliases(spec.hostAliases, `${path}.hostAliases`),
  ...optionalOneOf(spec.preemptionPolicy, ['PreemptLowerPriority', 'Never'], `${path}.preemptionPolicy`),
  ...positiveInt32(spec.activeDeadlineSeconds, `${path}.activeDeadlineSeconds`),
];

const names = (spec: PodSpec, path: string): FieldErrors => [
  ...ifText(spec.serviceAccountName, (name) => dnsSubdomain(name, `${path}.serviceAccountName`)),
  ...ifText(spec.nodeName, (name) => dnsSubdomain(name, `${path}.nodeName`)),
  ...ifText(spec.hostname, (name) => dnsLabel(name, `${path}.hostname`)),
  ...ifText(spec.subdomain, (name) => dnsLabel(name, `${path}.subdomain`)),
  ...ifText(spec.priorityClassName, (name) => dnsSubdomain(name, `${path}.priorityClassName`)),
  ...ifSet(spec.runtimeClassName, (name) => dnsSubdomain(name, `${path}.runtimeClassName`)),
];

/** In a template a port may be left open: it is filled in when the pod is made (k/k 117696). */
const hostNetworkPorts = (spec: PodSpec, path: string): FieldErrors =>
  spec.hostNetwork
    ? each(spec.containers, path, ({ ports }, at) =>
        each(ports, `${at}.ports`, ({ hostPort, containerPort }, portPath) =>
          when(!!hostPort && hostPort !== containerPort, () =>
            invalid(
              `${portPath}.hostPort`,
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ),
        ),
      )
    : [];

const operatingSystem = ({ os }: PodSpec, path: string): FieldErrors =>
  ifSet(os, ({ name }) => {
    if (!name) return [required(`${path}.name`, 'cannot be empty')];
    return when(name !== 'linux' && name !== 'windows', () => notSupported(path, name, ['linux', 'windows']));
  });
