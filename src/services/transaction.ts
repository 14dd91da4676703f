// Changes of entries as what the kernel is asked for.
import type { NftElementChange } from '../kernel/nft-elements.ts';
import type { Family } from '../ip/address.ts';
import type { ElementChange } from './diff.ts';
import { elementSet } from './element-sets.ts';
import { chainCommands } from './layout.ts';
import type { BalanceShape } from './shape.ts';

export type ChainUse = { readonly family: Family; readonly shape: BalanceShape };

/** Makes the chains, before the elements that lead to them. */
export const commandsOf = (chains: readonly ChainUse[]): string =>
  chains.flatMap(({ family, shape }) => chainCommands(family, shape)).join('\n');

export const elementChanges = (changes: readonly ElementChange[]): readonly NftElementChange[] =>
  changes.map(({ verb, family, map, element }) => ({ verb, set: elementSet(family, map), element }));
