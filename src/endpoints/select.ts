// Which objects a Service's endpoints are made of.
import type { Informer } from '../informer/informer.ts';
import type { Node, Pod, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { zoneOf } from '../k8s/node-state.ts';
import { isPodReady, isPodFinished } from '../k8s/pod-state.ts';
import { canonicalJson } from '../lang/canonical-json.ts';
import { BY_LABEL, BY_SELECTOR, labelValue, selectorPairs } from './indexes.ts';

export type ServiceSnapshot = {
  readonly service: Stored<Service>;
  /** Those that the selector matches, by name. */
  readonly pods: readonly Stored<Pod>[];
  /** The nodes of these pods, as far as they exist. */
  readonly nodes: ReadonlyMap<string, { readonly zone: string | undefined }>;
};

/** Undefined for a Service whose endpoints are not this controller's: without selector, or ExternalName. */
export const selectService = (
  service: Stored<Service> | undefined,
  { pods, nodes }: { readonly pods: Informer<Pod>; readonly nodes: Informer<Node> },
): ServiceSnapshot | undefined => {
  if (!service || service.spec?.type === 'ExternalName') return undefined;
  const [first, ...others] = selectorPairs(service);
  if (!first) return undefined;
  const matching = pods
    .byIndex(BY_LABEL, labelValue(service, first))
    .filter(({ metadata }) => others.every(([key, value]) => metadata.labels?.[key] === value))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const names = new Set(matching.map(({ spec }) => spec?.nodeName ?? ''));
  return {
    service,
    pods: matching,
    nodes: new Map(
      [...names].flatMap((name) => {
        const node = nodes.get(name);
        return node ? [[name, { zone: zoneOf(node) }] as const] : [];
      }),
    ),
  };
};

/** The Services whose selector matches the pod. O(labels). */
export const servicesOfPod = (pod: Stored<Pod>, services: Informer<Service>): readonly Stored<Service>[] =>
  Object.entries(pod.metadata.labels ?? {}).flatMap((pair) =>
    services
      .byIndex(BY_SELECTOR, labelValue(pod, pair))
      .filter((service) =>
        selectorPairs(service).every(([key, value]) => pod.metadata.labels?.[key] === value),
      ),
  );

/** Everything of a pod that an endpoint is made of, as text: an update that leaves it alone changes no endpoint. */
export const endpointFacts = (pod: Stored<Pod>): string =>
  canonicalJson([
    pod.metadata.labels,
    pod.metadata.deletionTimestamp !== undefined,
    isPodReady(pod),
    isPodFinished(pod),
    pod.status?.podIPs,
    pod.spec?.nodeName,
    pod.spec?.hostname,
    pod.spec?.subdomain,
  ]);
