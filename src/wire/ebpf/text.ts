// A program as the kernel's verifier and bpftool print it, with labels and names of maps instead of numbers.
import type { Instruction, Register } from './instruction.ts';

/** One line for each instruction, labels at the margin. */
export const toText = (program: readonly Instruction[]): string => program.map(lineOf).join('\n');

const lineOf = (instruction: Instruction): string =>
  instruction.kind === 'label' ? `${instruction.label}:` : `  ${textOf(instruction)}`;

const textOf = (instruction: Exclude<Instruction, { readonly kind: 'label' }>): string => {
  switch (instruction.kind) {
    case 'alu': {
      const { bits, operation, to, by } = instruction;
      return bits === 64 ? `${to} ${operation} ${by}` : `${half(to)} ${operation} ${half(by)}`;
    }
    case 'load':
      return `${instruction.to} = ${memory(instruction.width, instruction.from, instruction.offset)}`;
    case 'store':
      return `${memory(instruction.width, instruction.at, instruction.offset)} = ${instruction.value}`;
    case 'map':
      return `${instruction.to} = map[${instruction.map}]`;
    case 'call':
      return `call ${instruction.helper}`;
    case 'jump-if':
      return `if ${instruction.left} ${instruction.comparison} ${instruction.right} goto ${instruction.label}`;
    case 'jump':
      return `goto ${instruction.label}`;
    case 'exit':
      return 'exit';
  }
};

/** The lower half of a register: w1 of r1. */
const half = (value: Register | number): string =>
  typeof value === 'number' ? `${value}` : value.replace('r', 'w');

const memory = (width: number, register: Register, offset: number): string =>
  `*(u${width} *)(${register} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)})`;
