// bpf(2) through koffi: one struct for each command that podnet uses, a view of the kernel's union bpf_attr (linux/bpf.h).
import koffi from 'koffi';
import { isKernelError, kernelErrorOf } from '../kernel-error.ts';

const lib = koffi.load(null);

/** asm/unistd.h: libc has no function for bpf(2). */
const SYS_BPF: Readonly<Record<string, number>> = { x64: 321, arm64: 280 };

const ENOSYS = 38;

const COMMANDS = {
  mapCreate: 0,
  mapLookup: 1,
  mapUpdate: 2,
  mapDelete: 3,
  progLoad: 5,
  progAttach: 8,
  progDetach: 9,
  progById: 13,
  mapById: 14,
  info: 15,
  progQuery: 16,
  mapLookupBatch: 24,
  mapUpdateBatch: 26,
  mapDeleteBatch: 27,
} as const;
export type BpfCommand = keyof typeof COMMANDS;

const name = koffi.array('char', 16, 'String');

const mapCreate = koffi.struct({
  type: 'uint32_t',
  keyBytes: 'uint32_t',
  valueBytes: 'uint32_t',
  maxEntries: 'uint32_t',
  flags: 'uint32_t',
  innerMap: 'int',
  numaNode: 'uint32_t',
  name,
});
const element = koffi.struct({ map: 'uint32_t', key: 'void *', value: 'void *', flags: 'uint64_t' });
const batch = koffi.struct({
  from: 'void *',
  to: 'void *',
  keys: 'void *',
  values: 'void *',
  count: 'uint32_t',
  map: 'uint32_t',
  elementFlags: 'uint64_t',
  flags: 'uint64_t',
});
const progLoad = koffi.struct({
  type: 'uint32_t',
  count: 'uint32_t',
  instructions: 'void *',
  license: 'const char *',
  logLevel: 'uint32_t',
  logBytes: 'uint32_t',
  log: 'void *',
  kernelVersion: 'uint32_t',
  flags: 'uint32_t',
  name,
  interfaceIndex: 'uint32_t',
  attachType: 'uint32_t',
});
const progAttach = koffi.struct({
  target: 'uint32_t',
  program: 'uint32_t',
  attachType: 'uint32_t',
  flags: 'uint32_t',
  replaced: 'uint32_t',
});
const byId = koffi.struct({ id: 'uint32_t', next: 'uint32_t', flags: 'uint32_t' });
const info = koffi.struct({ descriptor: 'uint32_t', bytes: 'uint32_t', info: 'void *' });
const progQuery = koffi.struct({
  target: 'uint32_t',
  attachType: 'uint32_t',
  queryFlags: 'uint32_t',
  flags: 'uint32_t',
  ids: 'void *',
  count: 'uint32_t',
});

const ATTRIBUTES = {
  mapCreate,
  mapLookup: element,
  mapUpdate: element,
  mapDelete: element,
  progLoad,
  progAttach,
  progDetach: progAttach,
  progById: byId,
  mapById: byId,
  info,
  progQuery,
  mapLookupBatch: batch,
  mapUpdateBatch: batch,
  mapDeleteBatch: batch,
} as const satisfies Record<BpfCommand, unknown>;

type Value = number | string | Uint8Array | Uint32Array;

const functions = new Map<BpfCommand, (...args: readonly unknown[]) => number>();

const functionOf = (command: BpfCommand): ((...args: readonly unknown[]) => number) => {
  const known = functions.get(command);
  if (known) return known;
  const attributes = koffi.inout(koffi.pointer(ATTRIBUTES[command]));
  const made = lib.func('syscall', 'intptr_t', ['intptr_t', 'int', attributes, 'uint32_t']);
  functions.set(command, made);
  return made;
};

/**
 * bpf(2): the call's result, a descriptor for those that make one. What is left out of `attributes` is zero; afterwards
 * they hold what the kernel wrote back. `what` is the first half of an error's message.
 */
export const bpf = (what: string, command: BpfCommand, attributes: Record<string, Value>): number => {
  const number = SYS_BPF[process.arch];
  if (number === undefined) throw kernelErrorOf(ENOSYS, what);
  const bytes = koffi.sizeof(ATTRIBUTES[command]);
  const result = functionOf(command)(number, COMMANDS[command], attributes, bytes);
  if (result < 0) throw kernelErrorOf(koffi.errno(), what);
  return result;
};

/** Where the bytes are in memory, for a struct that another struct points to; they must stay referenced meanwhile. */
export const addressOf = (bytes: Uint8Array | Uint32Array): bigint => koffi.address(bytes);

/** A descriptor for the program or map with this id; undefined if there is none. */
export const openById = (what: string, command: 'progById' | 'mapById', id: number): number | undefined => {
  try {
    return bpf(what, command, { id });
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return undefined;
    throw error;
  }
};

/** A name in what the kernel wrote: up to the NUL. */
export const textAt = (bytes: Uint8Array, offset: number): string => {
  const end = bytes.indexOf(0, offset);
  return new TextDecoder().decode(bytes.subarray(offset, end < 0 ? bytes.length : end));
};
