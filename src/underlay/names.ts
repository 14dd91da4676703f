// The names of what a cluster has in the kernel. All follow from the cluster's name, so that they are found again
// when nothing else is left of it.
import { createHash } from 'node:crypto';

/** IFNAMSIZ - 1. */
const LINK_NAME_MAX = 15;

const BRIDGE_PREFIX = 'pn-';

/** A node's network namespace, as in /run/netns. Its pods' namespaces have this name, `-` and an id. */
export const nodeNetnsName = (cluster: string, node: string): string => `podnet-${cluster}-${node}`;

export const bridgeName = (cluster: string): string => shorten(`${BRIDGE_PREFIX}${cluster}`);

/** The host's end of a node's wire. The dot keeps it apart from bridges: no cluster's name has one. */
export const nodeLinkName = (cluster: string, node: string): string => shorten(`${cluster}.${node}`);

export const isBridgeName = (name: string): boolean => name.startsWith(BRIDGE_PREFIX);

/** The table on the host. */
export const tableName = (cluster: string): string => `podnet-${cluster}`;

/** The group of all the cluster's links on the host: the kernel deletes them together. */
export const linkGroup = (cluster: string): number => (digestOf(cluster).readUInt32BE() | 1) >>> 0;

/**
 * Whether a namespace is a node's or a pod's of this cluster. Nodes are called node-1, node-2, ...: by that
 * `podnet-a-b-node-1` is known as cluster a-b's, although it begins with `podnet-a-`.
 */
export const isNetnsOf = (cluster: string, name: string): boolean =>
  name.startsWith(`podnet-${cluster}-`) &&
  /^node-\d+(-[\da-z]+)?$/.test(name.slice(`podnet-${cluster}-`.length));

/** The text itself where it fits into a link's name, else its beginning and 32 bits of its hash. */
const shorten = (text: string): string =>
  text.length <= LINK_NAME_MAX ? text : `${text.slice(0, 6)}-${digestOf(text).toString('hex', 0, 4)}`;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();
