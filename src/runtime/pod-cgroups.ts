// Where a node's pods are in the hierarchies of cgroups.
//
//   /podnet/CLUSTER/NODE ─┬─ pods/pod-UID/...     their sockets may be translated (services/ebpf)
//                         └─ packets/pod-UID/...  they have asked for translated packets only

/** All pods of a node, and those of which sockets may be translated. */
export const nodeCgroups = (
  cluster: string,
  node: string,
): { readonly all: string; readonly translated: string } => {
  const all = `/podnet/${cluster}/${node}`;
  return { all, translated: `${all}/pods` };
};

/** A pod's annotation: `disabled` leaves its sockets alone, so that it sees Services' addresses in its packets. */
const SOCKET_TRANSLATION = 'podnet.dev/socket-translation';

export type PodPlace = {
  readonly cluster: string;
  readonly node: string;
  readonly uid: string;
  readonly annotations: Readonly<Record<string, string>>;
};

export const podCgroup = ({ cluster, node, uid, annotations }: PodPlace): string => {
  const { all, translated } = nodeCgroups(cluster, node);
  const parent = annotations[SOCKET_TRANSLATION] === 'disabled' ? `${all}/packets` : translated;
  return `${parent}/pod-${uid}`;
};
