// The programs on the cgroup of a node's pods. They stay there when the agent ends, as the nftables tables do.
import { BpfMap } from '../../kernel/bpf-map.ts';
import type { MapDefinition } from '../../kernel/bpf-map.ts';
import { ProgrammedCgroup } from '../../kernel/cgroup-programs.ts';
import type { AttachedProgram, Hook } from '../../kernel/cgroup-programs.ts';
import { assemble } from '../../wire/ebpf/assemble.ts';
import { exit, move } from '../../wire/ebpf/instruction.ts';
import type { Maps } from './apply.ts';
import { SOCKET_MAPS } from './layout.ts';
import { PROGRAMS } from './programs.ts';

const hooks = Object.keys(PROGRAMS) as readonly Hook[];

const ownPrograms = (cgroup: ProgrammedCgroup, hook: Hook): readonly AttachedProgram[] =>
  cgroup.attached(hook).filter(({ name }) => name === PROGRAMS[hook].name);

/** Each program takes the place of its predecessor, if there is one. */
export const attachAll = (path: string, maps: Maps): void => {
  using cgroup = new ProgrammedCgroup(path);
  const descriptors = Object.fromEntries(Object.entries(maps).map(([name, { fd }]) => [name, fd]));
  for (const hook of hooks) {
    const { name, program } = PROGRAMS[hook];
    const [replaced, ...others] = ownPrograms(cgroup, hook);
    cgroup.attach({ hook, name, code: assemble(program, descriptors) }, replaced);
    for (const other of others) cgroup.detach(hook, other);
  }
};

export const detachAll = (path: string): void => {
  using cgroup = new ProgrammedCgroup(path);
  for (const hook of hooks) for (const program of ownPrograms(cgroup, hook)) cgroup.detach(hook, program);
};

/** What sockets are remembered by, from the programs of an earlier agent. */
export const adoptMaps = (path: string): Partial<Maps> => {
  using cgroup = new ProgrammedCgroup(path);
  const users = (['connect4', 'sendmsg4'] as const).flatMap((hook) => ownPrograms(cgroup, hook));
  const ids = new Set(users.flatMap(({ maps }) => maps));
  const adopt = (definition: MapDefinition): BpfMap | undefined => {
    for (const id of ids) {
      const map = BpfMap.open(id, definition);
      if (map) return map;
    }
    return undefined;
  };
  const found = Object.entries(SOCKET_MAPS).map(([name, definition]) => [name, adopt(definition)] as const);
  return Object.fromEntries(found.filter(([, map]) => map !== undefined));
};

/** Throws where the kernel does not take such a program at one of the hooks. */
export const probe = (path: string): void => {
  using cgroup = new ProgrammedCgroup(path);
  for (const hook of hooks) {
    const name = 'podnet_probe';
    cgroup.attach({ hook, name, code: assemble([move('r0', 1), exit()], {}) });
    for (const program of cgroup.attached(hook)) if (program.name === name) cgroup.detach(hook, program);
  }
};
