// Which Services' endpoints an object's change may change.
import type { Change, Informer } from '../informer/informer.ts';
import { BY_NODE } from '../informer/pods-by-node.ts';
import type { Node, Pod, Service } from '../k8s/generated/types.ts';
import { zoneOf } from '../k8s/node-state.ts';
import { keyOf } from '../k8s/objects.ts';
import { endpointFacts, servicesOfPod } from './select.ts';

type Sources = {
  readonly services: Informer<Service>;
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
};

/** Calls `mark` with the keys of Services that have to be looked at; returns the end of it. */
export const markServices = (sources: Sources, mark: (service: string) => void): (() => void) => {
  const { services, pods, nodes } = sources;
  const unsubscribe = [
    services.subscribe(({ key }) => mark(key)),
    pods.subscribe((change) => servicesOfChange(change, services).forEach(mark)),
    nodes.subscribe((change) => servicesOfNode(change, sources).forEach(mark)),
  ];
  return () => unsubscribe.forEach((end) => end());
};

/** Those that select the pod as it was, and those that select it as it is. */
const servicesOfChange = (
  { before, after }: Change<Pod>,
  services: Informer<Service>,
): ReadonlySet<string> => {
  if (before && after && endpointFacts(before) === endpointFacts(after)) return new Set();
  const states = [before, after].filter((pod) => pod !== undefined);
  return new Set(states.flatMap((pod) => servicesOfPod(pod, services)).map(keyOf));
};

/** Of a node only its zone counts, and whether it exists. */
const servicesOfNode = (
  { key, before, after }: Change<Node>,
  { pods, services }: Sources,
): ReadonlySet<string> => {
  if (before && after && zoneOf(before) === zoneOf(after)) return new Set();
  return new Set(
    pods
      .byIndex(BY_NODE, key)
      .flatMap((pod) => servicesOfPod(pod, services))
      .map(keyOf),
  );
};
