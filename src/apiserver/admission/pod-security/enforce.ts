// The plugin PodSecurity: pods that a namespace's labels forbid are refused, or warned of; of workloads' templates, and of the
// pods that are there when the labels change, it only warns (k8s.io/pod-security-admission/admission/admission.go).
import type { Namespace, Pod, PodTemplateSpec } from '../../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../../k8s/objects.ts';
import { valueAt } from '../../../lang/nested.ts';
import { forbidden, invalid } from '../../status-errors.ts';
import type { AdmissionRequest, ValidatingStep } from '../admission.ts';
import { containersOf } from './check.ts';
import type { AnyContainer, Finding, PodLike } from './check.ts';
import { findingsOf } from './checks.ts';
import { existingPodWarnings } from './existing-pods.ts';
import { isStricter, policyOf, policyText } from './policy.ts';
import type { LevelVersion, Policy } from './policy.ts';

export type PodSecurityLookup = {
  readonly namespace: (name: string) => Stored<Namespace> | undefined;
  readonly podsIn: (namespace: string) => readonly Stored<Pod>[];
};

/** Where kinds that make pods have their template. */
const TEMPLATES: Readonly<Record<string, string>> = {
  podtemplates: '.template',
  replicationcontrollers: '.spec.template',
  'replicasets.apps': '.spec.template',
  'deployments.apps': '.spec.template',
  'statefulsets.apps': '.spec.template',
  'daemonsets.apps': '.spec.template',
  'jobs.batch': '.spec.template',
  'cronjobs.batch': '.spec.jobTemplate.spec.template',
};

export const enforcePodSecurity =
  (lookup: PodSecurityLookup): ValidatingStep =>
  (request) => {
    const { group, resource } = request.kind.resource;
    if (request.operation !== 'CREATE' && request.operation !== 'UPDATE') return;
    const id = group === '' ? resource : `${resource}.${group}`;
    if (id === 'namespaces') askNamespace(request, lookup);
    else if (id === 'pods') askPod(request, lookup);
    else if (TEMPLATES[id] !== undefined) askTemplate(request, TEMPLATES[id], lookup);
  };

const askNamespace = (request: AdmissionRequest, { podsIn }: PodSecurityLookup): void => {
  if (request.subresource !== '' || !request.object) return;
  const { kind, before, object, context, name } = request;
  const [next, last] = [policyOf(object.metadata?.labels), policyOf(before?.metadata?.labels)];
  if (next.errors.length > 0 && JSON.stringify(next.errors) !== JSON.stringify(last.errors))
    throw invalid(kind.resource, name, next.errors);
  if (!before || !isTighter(next.enforce, last.enforce)) return;
  for (const warning of existingPodWarnings(name, next.enforce, podsIn(name))) context.warn(warning);
};

const isTighter = (next: LevelVersion, last: LevelVersion): boolean => {
  if (next.level === 'privileged') return false;
  return next.version === last.version ? isStricter(next.level, last.level) : true;
};

/** Other subresources do not change the spec. */
const WITH_SPEC = ['', 'ephemeralcontainers'];

const askPod = (request: AdmissionRequest, lookup: PodSecurityLookup): void => {
  const { object, before, subresource, namespace } = request;
  if (!object || !WITH_SPEC.includes(subresource)) return;
  const policy = policyOf(lookup.namespace(namespace)?.metadata.labels);
  const pod = podLike(object as Pod);
  if (before && !isSignificant(pod, podLike(before as Pod))) return;
  const violations = findingsOf(policy.enforce, pod);
  const { context, kind, name } = request;
  if (policy.enforce.level !== 'privileged')
    context.annotate?.('pod-security.kubernetes.io/enforce-policy', policyText(policy.enforce));
  audit(request, policy, pod);
  if (violations.length > 0) {
    const why = `violates PodSecurity ${JSON.stringify(policyText(policy.enforce))}: ${textOf(violations)}`;
    throw forbidden(kind.resource, name || (object.metadata?.generateName ?? ''), why);
  }
  warn(request, policy, pod);
};

const askTemplate = (request: AdmissionRequest, path: string, lookup: PodSecurityLookup): void => {
  if (request.subresource !== '' || !request.object) return;
  const template = valueAt(request.object, path) as PodTemplateSpec | undefined;
  if (!template?.spec) return;
  const policy = policyOf(lookup.namespace(request.namespace)?.metadata.labels);
  const pod = podLike(template);
  audit(request, policy, pod);
  warn(request, policy, pod);
};

const podLike = ({ metadata = {}, spec }: KubeObject & Pick<Pod, 'spec'>): PodLike => ({
  metadata,
  spec: spec ?? { containers: [] },
});

const audit = ({ context }: AdmissionRequest, policy: Policy, pod: PodLike): void => {
  const would = wouldViolate(policy.audit, pod);
  if (would) context.annotate?.('pod-security.kubernetes.io/audit-violations', would);
};

const warn = ({ context }: AdmissionRequest, policy: Policy, pod: PodLike): void => {
  const would = wouldViolate(policy.warn, pod);
  if (would) context.warn(would);
};

const wouldViolate = (policy: LevelVersion, pod: PodLike): string | undefined => {
  const findings = findingsOf(policy, pod);
  if (findings.length === 0) return undefined;
  return `would violate PodSecurity ${JSON.stringify(policyText(policy))}: ${textOf(findings)}`;
};

const textOf = (findings: readonly Finding[]): string =>
  findings.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');

/** Of an update only images, new containers and seccomp annotations count: nothing else of a pod can change. */
const isSignificant = (pod: PodLike, before: PodLike): boolean => {
  const old = new Map(containersOf(before.spec).map((container) => [container.name, container]));
  const containers = containersOf(pod.spec);
  const isChanged = (container: AnyContainer): boolean => old.get(container.name)?.image !== container.image;
  return containers.length !== old.size || containers.some(isChanged) || !sameSeccomp(pod, before);
};

const sameSeccomp = (pod: PodLike, before: PodLike): boolean => {
  const [now, then] = [pod, before].map(({ metadata }) =>
    Object.entries(metadata.annotations ?? {})
      .filter(([key]) => key.includes('seccomp.security.alpha.kubernetes.io/'))
      .map((entry) => entry.join('='))
      .sort()
      .join(),
  );
  return now === then;
};
