// Keeps the routes from this node to the pods of the others, as the Node objects say.
import type { Change, Informer } from '../informer/informer.ts';
import { type GatewayRoutes, diffGatewayRoutes, formatGatewayRoute } from '../ip/gateway-routes.ts';
import type { Node } from '../k8s/generated/types.ts';
import { applyGatewayRoutes, observeGatewayRoutes } from '../kernel/gateway-routes.ts';
import { openRtnetlink } from '../kernel/rtnetlink.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import { startLoop } from '../reconcile/loop.ts';
import { compileNodeRoutes } from './node-routes/compile.ts';
import { selectNode } from './node-routes/select.ts';

export type NodeRoutesOptions = {
  readonly nodeName: string;
  readonly nodes: Informer<Node>;
  readonly clock: Clock;
  readonly log: Log;
};

export type NodeRoutesFeature = {
  /** Resolves when all that is known now is in the kernel. */
  readonly whenIdle: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

const KEY = 'routes';

/** Works in the calling thread's network namespace. Nothing is changed before the informer's first list. */
export const startNodeRoutes = ({ nodeName, nodes, clock, log }: NodeRoutesOptions): NodeRoutesFeature => {
  const rtnetlink = openRtnetlink();
  let actual: GatewayRoutes | undefined; // undefined: not known, or no longer sure

  const apply = async (): Promise<ReadonlySet<string>> => {
    const desired = compileNodeRoutes(nodes.list().map(selectNode), nodeName);
    const changes = diffGatewayRoutes(desired, actual ?? observeGatewayRoutes(rtnetlink));
    actual = undefined;
    applyGatewayRoutes(rtnetlink, changes);
    actual = desired;
    for (const { kind, route } of changes) log.debug({ route: formatGatewayRoute(route) }, `route ${kind}d`);
    return new Set();
  };

  const loop = startLoop({ name: 'node-routes', apply, clock, log });
  const unsubscribe = nodes.subscribe((change) => {
    if (nodes.hasSynced() && concernsRoutes(change)) loop.mark(KEY);
  });
  void nodes.whenSynced().then(() => loop.mark(KEY));

  return {
    whenIdle: () => nodes.whenSynced().then(() => loop.whenIdle()),
    stop: async () => {
      unsubscribe();
      await loop.stop();
      rtnetlink.close();
    },
  };
};

/** A Node is written every few minutes by its kubelet: mostly nothing here depends on what changed. */
const concernsRoutes = ({ before, after }: Change<Node>): boolean => textOf(before) !== textOf(after);

const textOf = (node: Node | undefined): string =>
  node
    ? JSON.stringify(selectNode(node), (_, value: unknown) =>
        typeof value === 'bigint' ? `${value}` : value,
      )
    : '';
