// The programs: what connect(), sendmsg(), recvmsg() and getpeername() of a pod's socket are turned into. They look at
// struct bpf_sock_addr (linux/bpf.h), where the call's address stands, and change it there. A miss in any map means that
// the call goes on as it is: its packets meet the nftables tables, which have everything.
import { FRAME, alu, jump, jumpIf, label, load, move, store } from '../../wire/ebpf/instruction.ts';
import type { Instruction } from '../../wire/ebpf/instruction.ts';
import type { Hook } from '../../kernel/cgroup-programs.ts';
import type { Family } from '../../ip/address.ts';
import { SERVICE_STICKY_NS, TCP_FRONT, TCP_SOCKETS_MAX } from './layout.ts';
import { pick } from './pick.ts';
import {
  CONTEXT,
  COOKIE,
  COUNT,
  CTX,
  ENDPOINT,
  FLOW,
  ID,
  PORT,
  STACK,
  TCP,
  allow,
  copy,
  copyPeer,
  jumpIfOther,
  jumpUnless,
  lookup,
  readPeer,
  storeCookie,
  update,
  writePeer,
} from './steps.ts';

/** What the call asks for: in COUNT the number of its endpoints, on the stack for how long they keep a client. */
const findService = (family: Family): readonly Instruction[] => [
  move(CTX, 'r1'),
  ...readPeer(family, STACK.front),
  load(32, 'r1', CTX, CONTEXT.protocol),
  store(32, FRAME, STACK.protocol, 'r1'),
  ...lookup('services', STACK.front, 'pass'),
  load(32, COUNT, 'r0', 0),
  load(64, 'r1', 'r0', SERVICE_STICKY_NS),
  store(64, FRAME, STACK.stickyNs, 'r1'),
];

/** The endpoint and the socket's cookie, already on the stack, are from now on the front's face. */
const rememberFront: readonly Instruction[] = [
  ...copyPeer(ENDPOINT, 0, STACK.peer),
  ...update('fronts', STACK.cookie, STACK.front),
];

/** The endpoint of the socket's datagrams to this front, to ENDPOINT; or goes to `new`. */
const recallFlow: readonly Instruction[] = [
  ...lookup('flows', STACK.cookie, 'new'),
  move(FLOW, 'r0'),
  load(32, 'r1', FLOW, ID),
  store(32, FRAME, STACK.id, 'r1'),
  ...lookup('endpoints', STACK.id, 'new'),
  move(ENDPOINT, 'r0'),
  ...jumpIfOther(ENDPOINT, FLOW, 'new'), // where the tables were made anew, ids mean other endpoints
];

const rememberFlow: readonly Instruction[] = [
  ...copyPeer(ENDPOINT, 0, STACK.flow),
  load(32, 'r1', FRAME, STACK.id),
  store(32, FRAME, STACK.flow + ID, 'r1'),
  ...update('flows', STACK.cookie, STACK.flow),
];

/** The place of the socket in tcpFronts, to r0. */
const findTcpFront = (missing: string): readonly Instruction[] => [
  load(64, 'r1', FRAME, STACK.cookie),
  alu(32, 'r1', '&=', TCP_SOCKETS_MAX - 1),
  store(32, FRAME, STACK.slot, 'r1'),
  ...lookup('tcpFronts', STACK.slot, missing),
];

/** rememberFront for TCP. While it is written it belongs to no socket. */
const rememberTcpFront: readonly Instruction[] = [
  ...findTcpFront('translate'),
  store(64, 'r0', TCP_FRONT.cookie, 0),
  ...[0, 8].flatMap((half) => [
    ...copy(64, [ENDPOINT, half], ['r0', TCP_FRONT.endpoint + half]),
    ...copy(64, [FRAME, STACK.front + half], ['r0', TCP_FRONT.front + half]),
  ]),
  ...copy(32, [ENDPOINT, PORT], ['r0', TCP_FRONT.endpointPort]),
  ...copy(32, [FRAME, STACK.front + PORT], ['r0', TCP_FRONT.frontPort]),
  ...copy(64, [FRAME, STACK.cookie], ['r0', TCP_FRONT.cookie]),
];

/** TCP, and UDP sockets that get one peer for good. */
const connectProgram = (family: Family): readonly Instruction[] => [
  ...findService(family),
  ...pick(family),
  ...storeCookie,
  load(32, 'r1', FRAME, STACK.protocol),
  jumpIf('r1', '!=', TCP, 'datagrams'),
  ...rememberTcpFront,
  jump('translate'),
  label('datagrams'),
  ...rememberFront,
  label('translate'),
  ...writePeer(family),
  ...allow,
];

/**
 * A datagram of a UDP socket that names its receiver. All that a socket sends to one Service goes to the same endpoint
 * while that exists, as it would by conntrack: QUIC and others have connections of several datagrams.
 */
const sendProgram = (family: Family): readonly Instruction[] => [
  ...findService(family),
  ...storeCookie,
  ...copyPeer(FRAME, STACK.front, STACK.peer),
  ...recallFlow,
  ...copyPeer(ENDPOINT, 0, STACK.peer),
  ...lookup('fronts', STACK.cookie, 'remember'),
  jump('translate'),
  label('new'),
  ...pick(family),
  ...rememberFlow,
  label('remember'),
  ...rememberFront,
  label('translate'),
  ...writePeer(family),
  ...allow,
];

/** The name of a UDP socket's peer, whose address is on the stack: to ENDPOINT. */
const recallFront: readonly Instruction[] = [...lookup('fronts', STACK.cookie, 'pass'), move(ENDPOINT, 'r0')];

/** The same for TCP. Copied, and then looked at again: another socket may have taken its place meanwhile. */
const recallTcpFront: readonly Instruction[] = [
  ...findTcpFront('pass'),
  load(64, COOKIE, FRAME, STACK.cookie),
  ...jumpUnless(64, ['r0', TCP_FRONT.cookie], COOKIE),
  ...[0, 8].flatMap((half) => [
    load(64, 'r2', FRAME, STACK.peer + half),
    ...jumpUnless(64, ['r0', TCP_FRONT.endpoint + half], 'r2'),
    ...copy(64, ['r0', TCP_FRONT.front + half], [FRAME, STACK.front + half]),
  ]),
  load(32, 'r2', FRAME, STACK.peer + PORT),
  ...jumpUnless(32, ['r0', TCP_FRONT.endpointPort], 'r2'),
  ...copy(32, ['r0', TCP_FRONT.frontPort], [FRAME, STACK.front + PORT]),
  ...jumpUnless(64, ['r0', TCP_FRONT.cookie], COOKIE),
  move(ENDPOINT, FRAME),
  alu(64, ENDPOINT, '+=', STACK.front),
];

const readPeerAndCookie = (family: Family): readonly Instruction[] => [
  move(CTX, 'r1'),
  ...readPeer(family, STACK.peer),
  ...storeCookie,
];

/** The sender of a datagram gets the name by which the socket knows it. */
const receiveProgram = (family: Family): readonly Instruction[] => [
  ...readPeerAndCookie(family),
  ...recallFront,
  ...writePeer(family),
  ...allow,
];

/** The peer of a connected socket the same. */
const namePeerProgram = (family: Family): readonly Instruction[] => [
  ...readPeerAndCookie(family),
  load(32, 'r1', CTX, CONTEXT.protocol),
  jumpIf('r1', '!=', TCP, 'datagrams'),
  ...recallTcpFront,
  jump('name'),
  label('datagrams'),
  ...recallFront,
  label('name'),
  ...writePeer(family),
  ...allow,
];

/** At most 15 bytes each. */
export const PROGRAMS: Readonly<
  Record<Hook, { readonly name: string; readonly program: readonly Instruction[] }>
> = {
  connect4: { name: 'podnet_connect4', program: connectProgram(4) },
  connect6: { name: 'podnet_connect6', program: connectProgram(6) },
  sendmsg4: { name: 'podnet_sendmsg4', program: sendProgram(4) },
  sendmsg6: { name: 'podnet_sendmsg6', program: sendProgram(6) },
  recvmsg4: { name: 'podnet_recvmsg4', program: receiveProgram(4) },
  recvmsg6: { name: 'podnet_recvmsg6', program: receiveProgram(6) },
  getpeername4: { name: 'podnet_getpeer4', program: namePeerProgram(4) },
  getpeername6: { name: 'podnet_getpeer6', program: namePeerProgram(6) },
};
