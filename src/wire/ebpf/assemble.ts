// From instructions to the bytes that bpf(2) takes. Each is 8 bytes in the machine's byte order, a map's address two of them.
//
//   0        1           2        4           8
//   | opcode | dst : src | offset | immediate |      dst is the lower half of its byte on little-endian machines
import { LITTLE_ENDIAN, viewOf } from '../netlink.ts';
import { HELPERS } from './instruction.ts';
import type { Comparison, Instruction, Operation, Register, Width } from './instruction.ts';

const BYTES = 8;

/** Classes (linux/bpf_common.h, bpf.h). */
const LDX = 0x01;
const ST = 0x02;
const STX = 0x03;
const ALU = 0x04;
const JMP = 0x05;
const ALU64 = 0x07;
const LD_IMM64 = 0x18;
const MEM = 0x60;
const BY_REGISTER = 0x08;
const PSEUDO_MAP_FD = 1;

const WIDTHS: Readonly<Record<Width, number>> = { 32: 0x00, 64: 0x18 };
const OPERATIONS: Readonly<Record<Operation, number>> = {
  '+=': 0x00,
  '-=': 0x10,
  '*=': 0x20,
  '&=': 0x50,
  '>>=': 0x70,
  '%=': 0x90,
  '=': 0xb0,
};
const JUMP = 0x00;
const CALL = 0x80;
const EXIT = 0x90;
const COMPARISONS: Readonly<Record<Comparison, number>> = { '==': 0x10, '>': 0x20, '!=': 0x50 };

/** How many of the kernel's instructions it is. */
const slotsOf = ({ kind }: Instruction): number => (kind === 'label' ? 0 : kind === 'map' ? 2 : 1);

type Slot = {
  readonly opcode: number;
  readonly to?: Register | undefined;
  readonly from?: Register | undefined;
  readonly source?: number;
  readonly offset?: number;
  readonly immediate?: number;
};

/** `maps` are descriptors by name. Throws for a label or a map that is not there, or a label that is there twice. */
export const assemble = (
  program: readonly Instruction[],
  maps: Readonly<Record<string, number>>,
): Uint8Array => {
  const targets = labelsOf(program);
  const slots: Slot[] = [];
  for (const instruction of program) slots.push(...encode(instruction, slots.length, targets, maps));
  return bytesOf(slots);
};

const labelsOf = (program: readonly Instruction[]): ReadonlyMap<string, number> => {
  const targets = new Map<string, number>();
  let position = 0;
  for (const instruction of program) {
    if (instruction.kind === 'label') {
      if (targets.has(instruction.label)) throw new RangeError(`label ${instruction.label} is there twice`);
      targets.set(instruction.label, position);
    }
    position += slotsOf(instruction);
  }
  return targets;
};

const encode = (
  instruction: Instruction,
  position: number,
  targets: ReadonlyMap<string, number>,
  maps: Readonly<Record<string, number>>,
): readonly Slot[] => {
  switch (instruction.kind) {
    case 'alu': {
      const { bits, operation, to, by } = instruction;
      return [{ opcode: (bits === 64 ? ALU64 : ALU) | OPERATIONS[operation], to, ...operand(by) }].map(
        orRegister,
      );
    }
    case 'load': {
      const { width, to, from, offset } = instruction;
      return [{ opcode: LDX | MEM | WIDTHS[width], to, from, offset }];
    }
    case 'store': {
      const { width, at, offset, value } = instruction;
      const kind = typeof value === 'number' ? ST : STX;
      return [{ opcode: kind | MEM | WIDTHS[width], to: at, offset, ...operand(value) }];
    }
    case 'map': {
      const descriptor = maps[instruction.map];
      if (descriptor === undefined) throw new RangeError(`there is no map ${instruction.map}`);
      return [
        { opcode: LD_IMM64, to: instruction.to, source: PSEUDO_MAP_FD, immediate: descriptor },
        { opcode: 0 },
      ];
    }
    case 'call':
      return [{ opcode: JMP | CALL, immediate: HELPERS[instruction.helper] }];
    case 'jump-if': {
      const { left, comparison, right } = instruction;
      const offset = distance(instruction.label, position, targets);
      return [{ opcode: JMP | COMPARISONS[comparison], to: left, offset, ...operand(right) }].map(orRegister);
    }
    case 'jump':
      return [{ opcode: JMP | JUMP, offset: distance(instruction.label, position, targets) }];
    case 'exit':
      return [{ opcode: JMP | EXIT }];
    case 'label':
      return [];
  }
};

const operand = (value: Register | number): Pick<Slot, 'from' | 'immediate'> =>
  typeof value === 'number' ? { immediate: value } : { from: value };

const orRegister = (slot: Slot): Slot =>
  slot.from === undefined ? slot : { ...slot, opcode: slot.opcode | BY_REGISTER };

/** From the instruction after the jump. */
const distance = (label: string, position: number, targets: ReadonlyMap<string, number>): number => {
  const target = targets.get(label);
  if (target === undefined) throw new RangeError(`there is no label ${label}`);
  return target - position - 1;
};

const bytesOf = (slots: readonly Slot[]): Uint8Array => {
  const bytes = new Uint8Array(slots.length * BYTES);
  const view = viewOf(bytes);
  slots.forEach(({ opcode, to, from, source = 0, offset = 0, immediate = 0 }, index) => {
    const at = index * BYTES;
    view.setUint8(at, opcode);
    view.setUint8(at + 1, registers(numberOf(to), from === undefined ? source : numberOf(from)));
    view.setInt16(at + 2, offset, LITTLE_ENDIAN);
    view.setInt32(at + 4, immediate, LITTLE_ENDIAN);
  });
  return bytes;
};

const numberOf = (register: Register | undefined): number => (register ? Number(register.slice(1)) : 0);

const registers = (to: number, from: number): number => (LITTLE_ENDIAN ? (from << 4) | to : (to << 4) | from);
