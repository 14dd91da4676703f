// Whether the kernel has what the proxy wrote.
import type { ChainUses } from './chain-uses.ts';
import type { Programmed } from './diff.ts';
import type { Observed } from './observe.ts';
import { entryKey } from './state.ts';

/** Whether the elements are those of these entries, and each chain has its verdict. */
export const isSame = (
  { entries, chains }: Observed,
  programmed: ReadonlyMap<string, Programmed>,
  wanted: Pick<ChainUses, 'size'>,
): boolean =>
  entries.length === programmed.size &&
  entries.every((entry) => textOf(entry) === textOf(programmed.get(entryKey(entry)))) &&
  chains.length === wanted.size;

const textOf = (entry: Programmed | undefined): string =>
  entry ? JSON.stringify([entry.code, entry.allowed, entry.slots.map(slotText)]) : '';

const slotText = ({ id, at, isHairpin, isSticky }: Programmed['slots'][number]): string =>
  `${id} ${at} ${isHairpin} ${isSticky}`;
