// Which of the programmed entries sockets are translated by: those of which nothing but the destination is changed.
// All others are left to the tables, where the packets of an untranslated socket arrive:
//   - node ports and external addresses that show the node's address (masquerade all)
//   - endpoints for clients outside of the cluster: they are not in our cgroup
//   - source ranges: a socket's address is not known yet
//   - SCTP, refusing and dropping
//   - UDP to ports that node ports have: a server that answers a client there sends as one that asks does. The client may
//     be any that the node is the address of, since masquerading gives out these ports too.
import { masqueradeOf } from '../endpoint-ids.ts';
import { shapeOfCode } from '../shape.ts';
import type { Programmed } from '../diff.ts';
import type { Translation } from './state.ts';

/** Undefined for an entry that is left to the tables. */
export const translationOf = ({ map, match, code, slots, allowed }: Programmed): Translation | undefined => {
  const shape = shapeOfCode(code);
  if (map !== 'services' || shape?.kind !== 'balance') return undefined;
  if (match.startsWith('sctp') || mayBeClient(match) || allowed.length > 0) return undefined;
  if (slots.length === 0 || slots.some(({ id }) => masqueradeOf(id) === 'all')) return undefined;
  const { stickySeconds } = shape;
  return { match, endpoints: slots.map(({ id, at }) => ({ id, at })), stickySeconds };
};

/** Of kube-apiserver's --service-node-port-range, by default. */
const NODE_PORTS = { first: 30_000, last: 32_767 };

const mayBeClient = (match: string): boolean => {
  const [protocol, , port] = match.split(' . ');
  return protocol === 'udp' && Number(port) >= NODE_PORTS.first && Number(port) <= NODE_PORTS.last;
};
