// Steps of a few instructions that the programs are put together from, and what they find where: the call's address and the
// stack. r1-r5 are lost in each.
import { LITTLE_ENDIAN } from '../../wire/netlink.ts';
import {
  FRAME,
  alu,
  call,
  exit,
  jumpIf,
  label,
  load,
  mapOf,
  move,
  store,
} from '../../wire/ebpf/instruction.ts';
import type { Instruction, Register, Width } from '../../wire/ebpf/instruction.ts';
import type { Family } from '../../ip/address.ts';
import type { MapName } from './layout.ts';

/** struct bpf_sock_addr. */
export const CONTEXT = { address4: 4, address6: 8, port: 24, protocol: 36 } as const;
export const TCP = 6;

/**
 * The stack.
 *
 *   -120             -104               -80             -72       -52   -40               -32       -16    -12        -8     -4     0
 *   | id | last use | address | port | id | socket cookie | address | port | client netns | address | port | protocol | slot | id |
 *     of affinity     value of flows        key of flows and fronts                         key of services, slots and members
 *                                                                            key of affinity ...................^
 *   slot: also the key of tcpFronts and strangers; an id as the last part of a key of members
 */
export const STACK = {
  binding: -120,
  flow: -104,
  cookie: -80,
  peer: -72,
  stickyNs: -48,
  client: -40,
  front: -32,
  protocol: -12,
  slot: -8,
  id: -4,
} as const;
/** In a value of `endpoints`, `fronts` and `flows`, and on the stack; of the latter also the id. */
export const PORT = 16;
export const ID = 20;

/** ::ffff:0:0/96 as the third of four 32-bit words in memory. */
export const MAPPED = LITTLE_ENDIAN ? 0xffff_0000 | 0 : 0xffff;

export const CTX = 'r6';
export const COUNT = 'r7';
export const ENDPOINT = 'r8';
export const FLOW = 'r9';
export const COOKIE = 'r7';

/** A call that goes on, translated or not. */
export const allow: readonly Instruction[] = [label('pass'), move('r0', 1), exit()];

/** Look-up of the key on the stack: r0 is the address of the value, or the program goes to `missing`. */
export const lookup = (map: MapName, key: number, missing: string): readonly Instruction[] => [
  mapOf('r1', map),
  move('r2', FRAME),
  alu(64, 'r2', '+=', key),
  call('map_lookup_elem'),
  jumpIf('r0', '==', 0, missing),
];

export const update = (map: MapName, key: number, value: number): readonly Instruction[] => [
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
export const readPeer = (family: Family, to: number): readonly Instruction[] => [
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
export const writePeer = (family: Family): readonly Instruction[] => [
  ...(family === 4
    ? [load(32, 'r1', ENDPOINT, 12), store(32, CTX, CONTEXT.address4, 'r1')]
    : WORDS.flatMap((word) => [
        load(32, 'r1', ENDPOINT, word),
        store(32, CTX, CONTEXT.address6 + word, 'r1'),
      ])),
  load(32, 'r1', ENDPOINT, PORT),
  store(32, CTX, CONTEXT.port, 'r1'),
];

export const storeCookie: readonly Instruction[] = [
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
export const copyPeer = (from: Register, offset: number, to: number): readonly Instruction[] =>
  PEER.flatMap(([width, at]) => [load(width, 'r1', from, offset + at), store(width, FRAME, to + at, 'r1')]);

export const jumpIfOther = (a: Register, b: Register, where: string): readonly Instruction[] =>
  PEER.flatMap(([width, at]) => [
    load(width, 'r1', a, at),
    load(width, 'r2', b, at),
    jumpIf('r1', '!=', 'r2', where),
  ]);

/** A field of 32 or 64 bits, from one place to another. */
export const copy = (
  width: Width,
  [from, fromOffset]: readonly [Register, number],
  [to, toOffset]: readonly [Register, number],
): readonly Instruction[] => [load(width, 'r1', from, fromOffset), store(width, to, toOffset, 'r1')];

export const jumpUnless = (
  width: Width,
  [from, offset]: readonly [Register, number],
  value: Register,
): readonly Instruction[] => [load(width, 'r1', from, offset), jumpIf('r1', '!=', value, 'pass')];
