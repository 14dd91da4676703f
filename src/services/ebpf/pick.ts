// The choice of an endpoint: by chance, or with session affinity the one that the client has, or one by its address.
import { FRAME, alu, call, jump, jumpIf, label, load, move, store } from '../../wire/ebpf/instruction.ts';
import type { Instruction } from '../../wire/ebpf/instruction.ts';
import type { Family } from '../../ip/address.ts';
import { CLIENT_HASH } from './layout.ts';
import { COUNT, CTX, ENDPOINT, MAPPED, STACK, lookup, update } from './steps.ts';

/** In a value of `affinity`. */
const LAST_USE = 8;
const BINDING = 'r9';

/**
 * The endpoint's id to the stack, its address to ENDPOINT. The call is left to the tables if the maps are just being
 * changed, or if the client is not known yet where that matters.
 */
export const pick = (family: Family): readonly Instruction[] => [
  load(64, 'r1', FRAME, STACK.stickyNs),
  jumpIf('r1', '==', 0, 'anyone'),
  ...recallBinding,
  jump('picked'),
  label('unbound'),
  ...slotByClient(family),
  ...takeSlot,
  ...bind,
  jump('picked'),
  label('stranger'),
  ...report,
  jump('pass'),
  label('anyone'),
  call('get_prandom_u32'),
  alu(32, 'r0', '%=', COUNT),
  ...takeSlot,
  label('picked'),
];

/** The endpoint of the slot whose number is in r0. */
const takeSlot: readonly Instruction[] = [
  store(32, FRAME, STACK.slot, 'r0'),
  ...lookup('slots', STACK.front, 'pass'),
  load(32, 'r1', 'r0', 0),
  store(32, FRAME, STACK.id, 'r1'),
  ...lookup('endpoints', STACK.id, 'pass'),
  move(ENDPOINT, 'r0'),
];

/** A client is a network namespace: a pod, whose address connect() does not know yet. */
const recallBinding: readonly Instruction[] = [
  move('r1', CTX),
  call('get_netns_cookie'),
  store(64, FRAME, STACK.client, 'r0'),
  ...lookup('affinity', STACK.client, 'unbound'),
  move(BINDING, 'r0'),
  call('ktime_get_ns'),
  load(64, 'r1', BINDING, LAST_USE),
  alu(64, 'r0', '-=', 'r1'),
  load(64, 'r1', FRAME, STACK.stickyNs),
  jumpIf('r0', '>', 'r1', 'unbound'),
  load(32, 'r1', BINDING, 0),
  store(32, FRAME, STACK.id, 'r1'),
  store(32, FRAME, STACK.slot, 'r1'),
  ...lookup('members', STACK.front, 'unbound'), // ids of other Services' endpoints, since the tables were made anew
  ...lookup('endpoints', STACK.id, 'unbound'),
  move(ENDPOINT, 'r0'),
  call('ktime_get_ns'),
  store(64, BINDING, LAST_USE, 'r0'),
];

/**
 * The slot that the tables would take for this client's address (linux nft_hash.c): so that a pod has one endpoint at all
 * addresses of a Service's port, those that are left to the tables too.
 */
const slotByClient = (family: Family): readonly Instruction[] => [
  ...lookup('clients', STACK.client, 'stranger'),
  move('r1', 'r0'),
  ...(family === 4 ? [] : jumpIfNative),
  load(32, 'r0', 'r1', CLIENT_HASH[4]),
  ...(family === 4 ? [] : [jump('hashed'), label('native'), load(32, 'r0', 'r1', CLIENT_HASH[6])]),
  label('hashed'),
  alu(64, 'r0', '*=', COUNT),
  alu(64, 'r0', '>>=', 32),
];

/** IPv6, not an IPv6 socket that talks IPv4. */
const jumpIfNative: readonly Instruction[] = [
  load(64, 'r2', FRAME, STACK.front),
  jumpIf('r2', '!=', 0, 'native'),
  load(32, 'r2', FRAME, STACK.front + 8),
  alu(32, 'r3', '=', MAPPED),
  jumpIf('r2', '!=', 'r3', 'native'),
];

const bind: readonly Instruction[] = [
  call('ktime_get_ns'),
  store(64, FRAME, STACK.binding + LAST_USE, 'r0'),
  store(32, FRAME, STACK.binding + 4, 0),
  load(32, 'r1', FRAME, STACK.id),
  store(32, FRAME, STACK.binding, 'r1'),
  ...update('affinity', STACK.client, STACK.binding),
];

/** So that the agent looks who is new. */
const report: readonly Instruction[] = [
  store(32, FRAME, STACK.slot, 0),
  ...lookup('strangers', STACK.slot, 'pass'),
  store(32, 'r0', 0, 1),
];
