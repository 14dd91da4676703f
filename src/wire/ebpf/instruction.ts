// Those eBPF instructions that podnet uses, as data, built by functions that read like the kernel's own listing of a program.
// Linux Documentation/bpf/standardization/instruction-set.rst
//
//   r0 result · r1-r5 arguments, lost in a call · r6-r9 kept · r10 frame: the stack is the 512 bytes below it

export type Register = 'r0' | 'r1' | 'r2' | 'r3' | 'r4' | 'r5' | 'r6' | 'r7' | 'r8' | 'r9' | 'r10';
/** Bits of a load or a store. */
export type Width = 32 | 64;
export type Operation = '=' | '+=' | '-=' | '*=' | '%=' | '&=' | '>>=';
/** `>` without sign. */
export type Comparison = '==' | '!=' | '>';

export type Instruction =
  | {
      readonly kind: 'alu';
      readonly bits: 32 | 64;
      readonly operation: Operation;
      readonly to: Register;
      readonly by: Register | number;
    }
  | {
      readonly kind: 'load';
      readonly width: Width;
      readonly to: Register;
      readonly from: Register;
      readonly offset: number;
    }
  | {
      readonly kind: 'store';
      readonly width: Width;
      readonly at: Register;
      readonly offset: number;
      readonly value: Register | number;
    }
  | { readonly kind: 'map'; readonly to: Register; readonly map: string }
  | { readonly kind: 'call'; readonly helper: Helper }
  | {
      readonly kind: 'jump-if';
      readonly left: Register;
      readonly comparison: Comparison;
      readonly right: Register | number;
      readonly label: string;
    }
  | { readonly kind: 'jump'; readonly label: string }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'exit' };

/** linux/bpf.h, enum bpf_func_id: those that podnet calls. */
export const HELPERS = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  ktime_get_ns: 5,
  get_prandom_u32: 7,
  get_socket_cookie: 46,
  get_netns_cookie: 122,
} as const;
export type Helper = keyof typeof HELPERS;

export const FRAME: Register = 'r10';

/** `to = by` in 64 bits. A number is sign-extended from 32 bits. */
export const move = (to: Register, by: Register | number): Instruction => alu(64, to, '=', by);

/** Arithmetic; in 32 bits the upper half of the result is zero. */
export const alu = (
  bits: 32 | 64,
  to: Register,
  operation: Operation,
  by: Register | number,
): Instruction => ({ kind: 'alu', bits, operation, to, by });

/** Memory to a register; the rest of it becomes zero. */
export const load = (width: Width, to: Register, from: Register, offset: number): Instruction => ({
  kind: 'load',
  width,
  to,
  from,
  offset,
});

export const store = (width: Width, at: Register, offset: number, value: Register | number): Instruction => ({
  kind: 'store',
  width,
  at,
  offset,
  value,
});

/** The map with this name, as an argument of a call. */
export const mapOf = (to: Register, map: string): Instruction => ({ kind: 'map', to, map });

export const call = (helper: Helper): Instruction => ({ kind: 'call', helper });

export const jumpIf = (
  left: Register,
  comparison: Comparison,
  right: Register | number,
  label: string,
): Instruction => ({ kind: 'jump-if', left, comparison, right, label });

export const jump = (label: string): Instruction => ({ kind: 'jump', label });
export const label = (name: string): Instruction => ({ kind: 'label', label: name });
export const exit = (): Instruction => ({ kind: 'exit' });
