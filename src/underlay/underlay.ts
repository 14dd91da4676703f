// The nodes of an embedded cluster and the network between them: a bridge on the host, a network namespace for each
// node with its eth0 on the bridge, and the routes by which the host reaches nodes, pods and Services.
import { closeSync, openSync } from 'node:fs';
import { replaceAddress } from '../kernel/interface-address.ts';
import { isKernelError } from '../kernel/kernel-error.ts';
import { addLink, deleteLinkGroup, findLink, linkIndexAfter, listLinks, setLink } from '../kernel/link.ts';
import {
  createNetns,
  deleteNetns,
  listNetns,
  netnsPath,
  releaseNetnsFolder,
  withNetns,
} from '../kernel/netns.ts';
import { openNft } from '../kernel/nft.ts';
import type { Nft } from '../kernel/nft.ts';
import { replaceRoute, routeOf, routeTo } from '../kernel/route.ts';
import { openRtnetlink } from '../kernel/rtnetlink.ts';
import type { Rtnetlink } from '../kernel/rtnetlink.ts';
import { withExclusiveFile } from '../kernel/file-lock.ts';
import { writeSysctl } from '../kernel/sysctl.ts';
import type { Log } from '../lang/log.ts';
import { parseAddress } from '../ip/address.ts';
import { closeHostFirewall, openHostFirewall } from './host-firewall.ts';
import { enableHostForwarding, restoreHostForwarding } from './host-forwarding.ts';
import {
  bridgeName,
  isBridgeName,
  isNetnsOf,
  linkGroup,
  nodeLinkName,
  nodeNetnsName,
  tableName,
} from './names.ts';
import { kernelRoute } from './kernel-route.ts';
import { hostRoutes, hostRules, macOf, nodeDefaultRoutes, underlayAddresses } from './plan.ts';
import type { UnderlayConfig } from './plan.ts';

/** Clusters come and go one at a time: the last one to go restores the host's settings. */
const LOCK = '/run/podnet/.underlay.lock';

const MTU_BYTES_DEFAULT = 1500;
/** RFC 8200 5: no less for IPv6. */
const MTU_BYTES_MIN = 1280;

/** Before a node has any interface, so that they apply to all that come: what `default` says is copied to each. */
const NODE_SYSCTLS: readonly (readonly [string, string])[] = [
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv6/conf/all/forwarding', '1'],
  // a new namespace has the host's IPv4 settings, where strict reverse path filtering may be on
  ['net/ipv4/conf/all/rp_filter', '0'],
  ['net/ipv4/conf/default/rp_filter', '0'],
  // traffic to a Service may leave by the wire on which it came: nobody is to be told of a shorter way
  ['net/ipv4/conf/all/send_redirects', '0'],
  ['net/ipv4/conf/default/send_redirects', '0'],
  ['net/ipv4/conf/all/accept_redirects', '0'],
  // lo carries the same addresses on every node (cluster DNS): no word of them on the underlay
  ['net/ipv4/conf/all/arp_ignore', '1'],
  ['net/ipv4/conf/all/arp_announce', '2'],
  ['net/ipv6/conf/default/accept_dad', '0'],
  ['net/ipv6/conf/default/accept_ra', '0'],
];

/** Makes what is not there yet. Idempotent. Takes about 10 ms a node. */
export const createUnderlay = ({
  config,
  log,
}: {
  readonly config: UnderlayConfig;
  readonly log: Log;
}): void => {
  withExclusiveFile(LOCK, () => {
    using rtnetlink = openRtnetlink();
    if (!hasCluster(rtnetlink)) restoreHostForwarding(); // someone else has removed the last one's links
    const mtuBytes = mtuToTheOutside(rtnetlink);
    const bridgeIndex = createBridge(rtnetlink, config, mtuBytes);
    enableHostForwarding();
    withNft((nft) => {
      nft.run(hostRules(config));
      openHostFirewall(nft, config);
    });
    for (const node of config.nodes) createNode(rtnetlink, { config, node, bridgeIndex, mtuBytes });
    addHostRoutes(rtnetlink, config, bridgeIndex);
    log.debug({ bridge: bridgeName(config.name), nodes: config.nodes.length, mtuBytes }, 'underlay is up');
  });
};

/** Takes away all that createUnderlay made for this cluster, and its pods' namespaces. Idempotent. */
export const removeUnderlay = (name: string): void => {
  withExclusiveFile(LOCK, () => {
    for (const netns of listClusterNetns(name)) deleteNetns(netns);
    using rtnetlink = openRtnetlink();
    if (findLink(rtnetlink, bridgeName(name))) {
      // the bridge goes last: as long as it is there, the next call knows that there is something to remove
      withNft((nft) => {
        nft.run(`add table inet ${tableName(name)}\ndelete table inet ${tableName(name)}`);
        closeHostFirewall(nft, name);
      });
      rtnetlink.request([deleteLinkGroup(linkGroup(name))]);
    }
    if (hasCluster(rtnetlink)) return;
    restoreHostForwarding();
    releaseNetnsFolder();
  });
};

/** The names of the cluster's network namespaces: its nodes' and its pods'. */
export const listClusterNetns = (name: string): readonly string[] =>
  listNetns(nodeNetnsName(name, '')).filter((netns) => isNetnsOf(name, netns));

/** What fits through the host's way out fits everywhere. */
const mtuToTheOutside = (rtnetlink: Rtnetlink): number => {
  const route = routeTo(rtnetlink, parseAddress('198.51.100.1')!); // RFC 5737: nobody's address
  const link = route && listLinks(rtnetlink).find(({ index }) => index === route.linkIndex);
  return Math.max(MTU_BYTES_MIN, Math.min(link?.mtuBytes ?? MTU_BYTES_DEFAULT, MTU_BYTES_DEFAULT));
};

const createBridge = (rtnetlink: Rtnetlink, config: UnderlayConfig, mtuBytes: number): number => {
  const name = bridgeName(config.name);
  const bridge = addLink({
    name,
    mtuBytes,
    mac: macOf(config.hostAddresses[0]!),
    group: linkGroup(config.name),
    info: { kind: 'bridge', multicastSnooping: false },
  });
  const index = linkIndexAfter(rtnetlink, [{ ...bridge, tolerate: ['EEXIST'] }], name);
  for (const setting of ['accept_dad', 'accept_ra']) writeSysctl(`net/ipv6/conf/${name}/${setting}`, '0');
  rtnetlink.request([
    setLink({ index, up: true, alias: `podnet cluster ${config.name}` }),
    ...underlayAddresses(config, config.hostAddresses).map((address) =>
      replaceAddress({ ...address, linkIndex: index }),
    ),
  ]);
  return index;
};

type NodeWiring = {
  readonly config: UnderlayConfig;
  readonly node: UnderlayConfig['nodes'][number];
  readonly bridgeIndex: number;
  readonly mtuBytes: number;
};

const createNode = (host: Rtnetlink, wiring: NodeWiring): void => {
  const netns = ensureNetns(nodeNetnsName(wiring.config.name, wiring.node.name));
  using rtnetlink = withNetns(netns, () => {
    for (const [name, value] of NODE_SYSCTLS) writeSysctl(name, value);
    return openRtnetlink();
  });
  connectNode(host, wiring, netns);
  const index = linkIndexAfter(rtnetlink, [], 'eth0');
  rtnetlink.request([
    setLink({ index, up: true }),
    ...underlayAddresses(wiring.config, wiring.node.addresses).map((address) =>
      replaceAddress({ ...address, linkIndex: index }),
    ),
    ...nodeDefaultRoutes(wiring.config, wiring.node.addresses).map((route) =>
      replaceRoute(routeOf({ ...route, linkIndex: index })),
    ),
  ]);
};

const ensureNetns = (name: string): string => {
  try {
    return createNetns(name);
  } catch (error) {
    if (isKernelError(error, 'EEXIST')) return netnsPath(name);
    throw error;
  }
};

/** Both ends are born with their names in their places. */
const connectNode = (
  host: Rtnetlink,
  { config, node, bridgeIndex, mtuBytes }: NodeWiring,
  netns: string,
): void => {
  const name = nodeLinkName(config.name, node.name);
  const netnsFd = openSync(netns, 'r');
  try {
    const peer = { name: 'eth0', mac: macOf(node.addresses[0]!), mtuBytes, netnsFd };
    const veth = addLink({
      name,
      mtuBytes,
      masterIndex: bridgeIndex,
      group: linkGroup(config.name),
      info: { kind: 'veth', peer },
    });
    host.request([
      { ...veth, tolerate: ['EEXIST'] },
      setLink({ name, linkLocal: 'none' }), // a port has no addresses of its own
      setLink({ name, up: true, alias: `podnet cluster ${config.name} ${node.name}` }),
    ]);
  } finally {
    closeSync(netnsFd);
  }
};

const addHostRoutes = (rtnetlink: Rtnetlink, config: UnderlayConfig, linkIndex: number): void => {
  rtnetlink.request(hostRoutes(config).map((route) => replaceRoute(kernelRoute(route, linkIndex))));
};

const withNft = (work: (nft: Nft) => void): void => {
  const nft = openNft();
  try {
    work(nft);
  } finally {
    nft.close();
  }
};

const hasCluster = (rtnetlink: Rtnetlink): boolean =>
  listLinks(rtnetlink).some(({ name, info }) => info?.kind === 'bridge' && isBridgeName(name!));
