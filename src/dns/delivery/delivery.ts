// Keeps the table of compile.ts in line with the nodes that answer: the endpoints of the cluster DNS Service.
import type { Informer } from '../../informer/informer.ts';
import type { EndpointSlice, Node } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import type { Nft } from '../../kernel/nft.ts';
import type { Log } from '../../lang/log.ts';
import { SLICES_BY_SERVICE, serviceKeyOf } from '../zone-loop.ts';
import { deliveryCommands } from './compile.ts';
import type { Delivery } from './compile.ts';

export type DeliveryOptions = Omit<Delivery, 'others'> & {
  readonly nodeName: string;
  readonly endpointSlices: Informer<EndpointSlice>;
  /** Those whose agents say nothing any more get no queries, if any other does; all do where this is left out. */
  readonly nodes?: Informer<Node> | undefined;
  readonly nft: Pick<Nft, 'run'>;
  readonly log: Log;
};

const DNS_SERVICE = 'kube-system/kube-dns';

/** The informer must have synced. The table stays when it is stopped: it is for the time when nobody is here. */
export const startDelivery = (options: DeliveryOptions): (() => void) => {
  const { endpointSlices, nodes, nft, log } = options;
  let installed = '';
  const install = (): void => {
    const slices = endpointSlices.byIndex(SLICES_BY_SERVICE, DNS_SERVICE);
    const commands = deliveryCommands({ ...options, others: othersIn(slices, options) });
    if (commands === installed) return;
    try {
      nft.run(commands);
      installed = commands;
    } catch (error) {
      log.warn({ err: error }, 'queries go through conntrack, and nowhere else when this agent is dead');
    }
  };
  install();
  const unsubscribe = [
    endpointSlices.subscribe(({ before, after }) => {
      if ([before, after].some((slice) => slice && serviceKeyOf(slice) === DNS_SERVICE)) install();
    }),
    // a Node is written every few minutes by its agent: mostly this is as it was
    nodes?.subscribe(({ before, after }) => isReady(before) !== isReady(after) && install()),
  ];
  return () => unsubscribe.forEach((end) => end?.());
};

const othersIn = (
  slices: readonly Stored<EndpointSlice>[],
  { nodeName, nodes }: DeliveryOptions,
): readonly string[] => {
  const others = slices
    .flatMap(({ endpoints = [] }) => endpoints)
    .filter((endpoint) => endpoint.nodeName !== nodeName && endpoint.conditions?.ready !== false);
  const well = others.filter((endpoint) => isReady(nodes?.get(endpoint.nodeName ?? '')));
  return (well.length > 0 ? well : others).flatMap(({ addresses }) => addresses.slice(0, 1)).sort();
};

/** A node that is not known yet may be. */
const isReady = (node: Stored<Node> | undefined): boolean =>
  node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'Unknown';
