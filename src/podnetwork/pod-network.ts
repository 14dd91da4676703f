// A node's pod network: gives a sandbox its eth0, addresses and routes, and takes them away. Runs in the node's
// network namespace, with one netlink socket for all pods.
import { closeSync, openSync } from 'node:fs';
import { parseAddress, formatAddress } from '../ip/address.ts';
import type { Address, Family } from '../ip/address.ts';
import { parsePrefix } from '../ip/prefix.ts';
import type { Prefix } from '../ip/prefix.ts';
import { deleteLink, linkIndexAfter, listLinks } from '../kernel/link.ts';
import { withNetns } from '../kernel/netns.ts';
import { replaceRoute, routeOf, routeTo } from '../kernel/route.ts';
import type { Nft } from '../kernel/nft.ts';
import { startUpkeep } from '../kernel/nft-upkeep.ts';
import { openRtnetlink } from '../kernel/rtnetlink.ts';
import type { Rtnetlink } from '../kernel/rtnetlink.ts';
import { writeSysctl } from '../kernel/sysctl.ts';
import type { Clock } from '../lang/clock.ts';
import type { Log } from '../lang/log.ts';
import type { SandboxNetwork } from '../runtime/sandbox-network.ts';
import { NO_GATE } from './address-gate.ts';
import type { AddressGate } from './address-gate.ts';
import { AddressStore } from './address-store.ts';
import { HostPortTable } from './host-ports/apply.ts';
import { POD_LINK, POD_SYSCTLS, addWire, nodeLinkName, setUpNodeEnd, setUpPodEnd } from './pod-interface.ts';
import type { PodWire } from './pod-interface.ts';
import { WireRemover } from './wire-remover.ts';

export type PodNetwork = SandboxNetwork & {
  /** Detaches every sandbox but these: those that a runtime lost track of. */
  readonly collectGarbage: (validSandboxIds: ReadonlySet<string>) => Promise<void>;
  readonly close: () => void;
};

export type PodNetworkOptions = {
  readonly clusterName: string;
  readonly nodeName: string;
  /** The node's, in the order of the cluster's families. */
  readonly podCidrs: readonly string[];
  /** Holds the addresses in use: must outlive the process. */
  readonly stateFolder: string;
  /** The most that a pod's eth0 may have; never more than what the node's own way out carries. */
  readonly mtuBytes: number;
  /** Where no host port is, see HostPortSite. */
  readonly serviceAddresses: readonly string[];
  /** Left out where no policies are enforced. */
  readonly gate?: AddressGate;
  /** Opened in the node's network namespace; the caller closes it. */
  readonly nft: Pick<Nft, 'run' | 'query' | 'tables'>;
  readonly clock: Clock;
  readonly log: Log;
};

/** What of the node the pods' wires depend on. */
type NodeSide = {
  readonly mtuBytes: number;
  readonly sources: Readonly<Partial<Record<Family, Address>>>;
};

/** To be called in the node's namespace, when its own addresses and routes are there. */
export const createPodNetwork = (options: PodNetworkOptions): PodNetwork => {
  const { log, gate = NO_GATE } = options;
  const prefixes = options.podCidrs.map(prefixIn);
  const rtnetlink = openRtnetlink();
  const remover = new WireRemover();
  const store = new AddressStore(options.stateFolder, prefixes);
  releaseUnused(rtnetlink, store);
  // or a packet to a pod that is gone would go out by the default route, and come back, until it is too old
  rtnetlink.request(
    prefixes.map((destination) => replaceRoute(routeOf({ destination, type: 'unreachable' }))),
  );
  const node = readNodeSide(rtnetlink, options.mtuBytes);
  const addresses = store.sandboxIds().flatMap((id) => store.addressesOf(id));
  const hostPorts = new HostPortTable(options, addresses);
  const endUpkeep = startUpkeep({
    what: 'the host ports',
    verify: async () => hostPorts.isAsWritten(),
    repair: () => hostPorts.rewrite(),
    clock: options.clock,
    log,
  });

  const attach: PodNetwork['attach'] = async (sandboxId, pod, netnsPath) => {
    const wire: PodWire = {
      linkName: nodeLinkName(sandboxId),
      addresses: store.allocate(sandboxId),
      mtuBytes: node.mtuBytes,
      alias: `${pod.namespace}/${pod.name}`,
    };
    const ips = wire.addresses.map(formatAddress);
    try {
      gate.close(pod, ips);
      plugIn(rtnetlink, wire, node, netnsPath);
      await gate.whenOpen(pod);
    } catch (error) {
      await detach(sandboxId, netnsPath);
      throw error;
    }
    log.debug({ pod: wire.alias, link: wire.linkName, sandboxId }, 'pod attached');
    return { ips, mtuBytes: wire.mtuBytes };
  };

  const publish: PodNetwork['publish'] = (sandboxId, portMappings) => {
    // for the node's own connections from 127.0.0.1, see host-ports/layout.ts
    if (portMappings.length > 0) writeSysctl(`net/ipv4/conf/${nodeLinkName(sandboxId)}/route_localnet`, '1');
    hostPorts.publish(store.addressesOf(sandboxId), portMappings);
  };

  // The node's end is enough: the pod's goes with it, whether its namespace is still there or not.
  const detach: PodNetwork['detach'] = async (sandboxId) => {
    const addresses = store.addressesOf(sandboxId);
    hostPorts.withdraw(addresses);
    await remover.remove(nodeLinkName(sandboxId));
    gate.release(addresses.map(formatAddress));
    store.release(sandboxId);
  };

  return {
    attach,
    publish,
    detach,
    collectGarbage: async (valid) => {
      const lost = store.sandboxIds().filter((id) => !valid.has(id));
      await Promise.all(lost.map((id) => detach(id, '')));
      if (lost.length > 0) log.info({ sandboxes: lost }, 'detached sandboxes that are no more');
    },
    close: () => {
      endUpkeep();
      rtnetlink.close();
      remover.close();
      store.close();
    },
  };
};

const prefixIn = (cidr: string): Prefix => {
  const prefix = parsePrefix(cidr);
  if (!prefix) throw new TypeError(`not a CIDR prefix: ${cidr}`);
  return prefix;
};

/** A sandbox without an interface uses no address: its process died before it had one, or after it was gone. */
const releaseUnused = (rtnetlink: Rtnetlink, store: AddressStore): void => {
  const names = new Set(listLinks(rtnetlink).map(({ name }) => name));
  for (const id of store.sandboxIds()) if (!names.has(nodeLinkName(id))) store.release(id);
};

/** The node's addresses are the sources of its way out; RFC 5737 and RFC 3849: nobody's addresses. */
const readNodeSide = (rtnetlink: Rtnetlink, mtuBytes: number): NodeSide => {
  const [v4, v6] = ['198.51.100.1', '2001:db8::1'].map((text) => routeTo(rtnetlink, parseAddress(text)!));
  const link = listLinks(rtnetlink).find(({ index }) => index === (v4 ?? v6)?.linkIndex);
  return {
    mtuBytes: Math.min(mtuBytes, link?.mtuBytes ?? mtuBytes),
    sources: { ...(v4?.source ? { 4: v4.source } : {}), ...(v6?.source ? { 6: v6.source } : {}) },
  };
};

/** Synchronous, for the thread visits the pod's namespace on the way. */
const plugIn = (rtnetlink: Rtnetlink, wire: PodWire, node: NodeSide, netnsPath: string): void => {
  using podRtnetlink = withNetns(netnsPath, () => {
    for (const [name, value] of POD_SYSCTLS) writeSysctl(name, value);
    return openRtnetlink();
  });
  const netnsFd = openSync(netnsPath, 'r');
  try {
    // an earlier attempt may have left its wire
    const requests = [deleteLink(wire.linkName), addWire(wire, netnsFd)];
    const nodeIndex = linkIndexAfter(rtnetlink, requests, wire.linkName);
    rtnetlink.request(setUpNodeEnd(wire, nodeIndex, node.sources));
    podRtnetlink.request(setUpPodEnd(wire, linkIndexAfter(podRtnetlink, [], POD_LINK)));
  } finally {
    closeSync(netnsFd);
  }
};
