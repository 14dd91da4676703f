// Programs attached to a cgroup: the calls on sockets of its processes, and of all cgroups below, go through them.
// What is attached stays, with the maps it uses, when this process ends: the next one finds and replaces it in one step.
// Linux >= 5.8 for all hooks; linux/bpf.h, kernel/bpf/cgroup.c.
import { closeSync, openSync } from 'node:fs';
import { LITTLE_ENDIAN, viewOf } from '../wire/netlink.ts';
import { addressOf, bpf, openById, textAt } from './ffi/bpf.ts';
import { closeDescriptor } from './ffi/libc.ts';
import { KernelError, isKernelError } from './kernel-error.ts';

/** The call that a program is asked at; BPF_CGROUP_* in linux/bpf.h, enum bpf_attach_type. */
const HOOKS = {
  connect4: 10,
  connect6: 11,
  sendmsg4: 14,
  sendmsg6: 15,
  recvmsg4: 19,
  recvmsg6: 20,
  getpeername4: 29,
  getpeername6: 30,
} as const;
export type Hook = keyof typeof HOOKS;

export type CgroupProgram = {
  readonly hook: Hook;
  /** At most 15 letters, digits and `_`. */
  readonly name: string;
  /** The kernel's instructions. */
  readonly code: Uint8Array;
};

export type AttachedProgram = {
  readonly id: number;
  readonly name: string;
  /** Ids of the maps that it uses. */
  readonly maps: readonly number[];
};

const ALLOW_MULTI = 2;
const REPLACE = 4;

export class ProgrammedCgroup {
  readonly #path: string;
  readonly #fd: number;

  /** Of a cgroup's folder in the hierarchy of version 2. */
  constructor(path: string) {
    this.#path = path;
    this.#fd = openSync(path, 'r');
  }

  /** Beside the programs of others; no call comes between the replaced one's last and the new one's first. */
  attach(program: CgroupProgram, replaced?: AttachedProgram): void {
    const young = loadProgram(program);
    const old = replaced && openById(`open program ${replaced.id}`, 'progById', replaced.id);
    try {
      bpf(`attach ${program.name} to ${this.#path}`, 'progAttach', {
        target: this.#fd,
        program: young,
        attachType: HOOKS[program.hook],
        ...(old === undefined ? { flags: ALLOW_MULTI } : { flags: ALLOW_MULTI | REPLACE, replaced: old }),
      });
    } finally {
      closeDescriptor(young);
      if (old !== undefined) closeDescriptor(old);
    }
  }

  /** Idempotent. */
  detach(hook: Hook, { id, name }: AttachedProgram): void {
    const program = openById(`open program ${id}`, 'progById', id);
    if (program === undefined) return;
    try {
      const what = `detach ${name} from ${this.#path}`;
      bpf(what, 'progDetach', { target: this.#fd, program, attachType: HOOKS[hook] });
    } catch (error) {
      if (!isKernelError(error, 'ENOENT')) throw error;
    } finally {
      closeDescriptor(program);
    }
  }

  /** The programs of this cgroup, not those of the cgroups above, in the order in which they are asked. */
  attached(hook: Hook): readonly AttachedProgram[] {
    const ids = new Uint32Array(PROGRAMS_MAX);
    const query = { target: this.#fd, attachType: HOOKS[hook], ids, count: PROGRAMS_MAX };
    bpf(`list the programs of ${this.#path}`, 'progQuery', query);
    return [...ids.subarray(0, query.count)].flatMap((id) => describe(id) ?? []);
  }

  close(): void {
    closeSync(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const PROGRAMS_MAX = 64; // linux bpf-cgroup.h, BPF_CGROUP_MAX_PROGS

const TYPE = 18; // BPF_PROG_TYPE_CGROUP_SOCK_ADDR
const INSTRUCTION_BYTES = 8;
const LOG_BYTES = 1 << 18;
const LOG_LINES = 6;

/** A refusal carries the verifier's last words: the log is asked for when there is one to read. */
const loadProgram = (program: CgroupProgram): number => {
  try {
    return load(program, {});
  } catch (error) {
    if (!isKernelError(error, 'EACCES', 'EINVAL')) throw error;
    const log = new Uint8Array(LOG_BYTES);
    try {
      return load(program, { log, logBytes: LOG_BYTES, logLevel: 1 });
    } catch (again) {
      const { code, message } = again as KernelError;
      const words = textAt(log, 0).trimEnd().split('\n').slice(-LOG_LINES).join(' | ');
      throw new KernelError(code, `${message}: ${words}`, { cause: again });
    }
  }
};

const load = ({ name, hook, code }: CgroupProgram, log: Record<string, Uint8Array | number>): number =>
  bpf(`load program ${name}`, 'progLoad', {
    type: TYPE,
    count: code.length / INSTRUCTION_BYTES,
    instructions: code,
    license: 'Apache-2.0', // the helpers that podnet calls do not ask for the GPL
    name,
    attachType: HOOKS[hook],
    ...log,
  });

const MAPS_MAX = 16;
/** struct bpf_prog_info as far as its name: number and address of the list of maps, name. */
const INFO = { bytes: 80, mapCount: 52, maps: 56, name: 64 };

const describe = (id: number): AttachedProgram | undefined => {
  const what = `describe program ${id}`;
  const fd = openById(what, 'progById', id);
  if (fd === undefined) return undefined;
  const maps = new Uint32Array(MAPS_MAX);
  const info = new Uint8Array(INFO.bytes);
  const view = viewOf(info);
  view.setUint32(INFO.mapCount, MAPS_MAX, LITTLE_ENDIAN);
  view.setBigUint64(INFO.maps, addressOf(maps), LITTLE_ENDIAN);
  try {
    bpf(what, 'info', { descriptor: fd, bytes: info.length, info });
  } finally {
    closeDescriptor(fd);
  }
  const count = Math.min(MAPS_MAX, view.getUint32(INFO.mapCount, LITTLE_ENDIAN));
  return { id, name: textAt(info, INFO.name), maps: [...maps.subarray(0, count)] };
};
