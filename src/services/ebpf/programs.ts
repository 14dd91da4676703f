// The programs: what connect(), sendmsg(), recvmsg() and getpeername() of a pod's socket are turned into. They look at
// struct bpf_sock_addr (linux/bpf.h), where the call's address stands, and change it there. A miss in any map means that
// the call goes on as it is: its packets meet the nftables tables, which have everything.
import { LITTLE_ENDIAN } from '../../wire/netlink.ts';
import {
  FRAME,
  alu,
  call,
  exit,
  jump,
  jumpIf,
  label,
  load,
  mapOf,
  move,
  store,
} from '../../wire/ebpf/instruction.ts';
import type { Instruction, Register } from '../../wire/ebpf/instruction.ts';
import type { Hook } from '../../kernel/cgroup-programs.ts';
import type { Family } from '../../ip/address.ts';
import type { MapName } from './layout.ts';

/** struct bpf_sock_addr. */
const CONTEXT = { address4: 4, address6: 8, port: 24, protocol: 36 } as const;

/**
 * The stack.
 *
 *   -88                    -64             -56       -40    -36   -32       -16    -12        -8     -4      0
 *   | address | port | id  | socket cookie | address | port |     | address | port | protocol | slot | id    |
 *     value of flows         key of flows and fronts                key of services and slots
 */
const STACK = { flow: -88, cookie: -64, peer: -56, front: -32, protocol: -12, slot: -8, id: -4 } as const;
/** In a value of `endpoints`, `fronts` and `flows`, and on the stack; of the latter also the id. */
const PORT = 16;
const ID = 20;

/** ::ffff:0:0/96 as the third of four 32-bit words in memory. */
const MAPPED = LITTLE_ENDIAN ? 0xffff_0000 | 0 : 0xffff;

const CTX = 'r6';
const COUNT = 'r7';
const ENDPOINT = 'r8';
const FLOW = 'r9';

/** A call that goes on, translated or not. */
const allow: readonly Instruction[] = [label('pass'), move('r0', 1), exit()];

/** Look-up of the key on the stack: r0 is the address of the value, or the program goes to `missing`. */
const lookup = (map: MapName, key: number, missing: string): readonly Instruction[] => [
  mapOf('r1', map),
  move('r2', FRAME),
  alu(64, 'r2', '+=', key),
  call('map_lookup_elem'),
  jumpIf('r0', '==', 0, missing),
];

const update = (map: MapName, key: number, value: number): readonly Instruction[] => [
  mapOf('r1', map),
  move('r2', FRAME),
  alu(64, 'r2', '+=', key),
  move('r3', FRAME),
  alu(64, 'r3', '+=', value),
  move('r4', 0), // BPF_ANY
  call('map_update_elem'),
];

const WORDS = [0, 4, 8, 12] as const;

/** The call's address and port to the stack. */
const readPeer = (family: Family, to: number): readonly Instruction[] => [
  ...(family === 4
    ? [
        store(64, FRAME, to, 0),
        store(32, FRAME, to + 8, MAPPED),
        load(32, 'r1', CTX, CONTEXT.address4),
        store(32, FRAME, to + 12, 'r1'),
      ]
    : WORDS.flatMap((word) => [
        load(32, 'r1', CTX, CONTEXT.address6 + word),
        store(32, FRAME, to + word, 'r1'),
      ])),
  load(32, 'r1', CTX, CONTEXT.port),
  store(32, FRAME, to + PORT, 'r1'),
];

/** Address and port at ENDPOINT become the call's. */
const writePeer = (family: Family): readonly Instruction[] => [
  ...(family === 4
    ? [load(32, 'r1', ENDPOINT, 12), store(32, CTX, CONTEXT.address4, 'r1')]
    : WORDS.flatMap((word) => [
        load(32, 'r1', ENDPOINT, word),
        store(32, CTX, CONTEXT.address6 + word, 'r1'),
      ])),
  load(32, 'r1', ENDPOINT, PORT),
  store(32, CTX, CONTEXT.port, 'r1'),
];

const storeCookie: readonly Instruction[] = [
  move('r1', CTX),
  call('get_socket_cookie'),
  store(64, FRAME, STACK.cookie, 'r0'),
];

/** Address and port in steps: width and offset. */
const PEER = [
  [64, 0],
  [64, 8],
  [32, PORT],
] as const;

/** Address and port, the frame's or a value's, to the stack. */
const copyPeer = (from: Register, offset: number, to: number): readonly Instruction[] =>
  PEER.flatMap(([width, at]) => [load(width, 'r1', from, offset + at), store(width, FRAME, to + at, 'r1')]);

const jumpIfOther = (a: Register, b: Register, where: string): readonly Instruction[] =>
  PEER.flatMap(([width, at]) => [
    load(width, 'r1', a, at),
    load(width, 'r2', b, at),
    jumpIf('r1', '!=', 'r2', where),
  ]);

/** What the call asks for, in COUNT the number of its endpoints. */
const findService = (family: Family): readonly Instruction[] => [
  move(CTX, 'r1'),
  ...readPeer(family, STACK.front),
  load(32, 'r1', CTX, CONTEXT.protocol),
  store(32, FRAME, STACK.protocol, 'r1'),
  ...lookup('services', STACK.front, 'pass'),
  load(32, COUNT, 'r0', 0),
];

/** The endpoint of a random slot: its id on the stack, its address at ENDPOINT. */
const pick: readonly Instruction[] = [
  call('get_prandom_u32'),
  alu(32, 'r0', '%=', COUNT),
  store(32, FRAME, STACK.slot, 'r0'),
  ...lookup('slots', STACK.front, 'pass'),
  load(32, 'r1', 'r0', 0),
  store(32, FRAME, STACK.id, 'r1'),
  ...lookup('endpoints', STACK.id, 'pass'),
  move(ENDPOINT, 'r0'),
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

/** TCP, and UDP sockets that get one peer for good. */
const connectProgram = (family: Family): readonly Instruction[] => [
  ...findService(family),
  ...pick,
  ...storeCookie,
  ...rememberFront,
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
  ...pick,
  ...rememberFlow,
  label('remember'),
  ...rememberFront,
  label('translate'),
  ...writePeer(family),
  ...allow,
];

/** The sender of a datagram, or the peer of a connected socket, gets the name by which the socket knows it. */
const namePeerProgram = (family: Family): readonly Instruction[] => [
  move(CTX, 'r1'),
  ...readPeer(family, STACK.peer),
  ...storeCookie,
  ...lookup('fronts', STACK.cookie, 'pass'),
  move(ENDPOINT, 'r0'),
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
  recvmsg4: { name: 'podnet_recvmsg4', program: namePeerProgram(4) },
  recvmsg6: { name: 'podnet_recvmsg6', program: namePeerProgram(6) },
  getpeername4: { name: 'podnet_getpeer4', program: namePeerProgram(4) },
  getpeername6: { name: 'podnet_getpeer6', program: namePeerProgram(6) },
};
