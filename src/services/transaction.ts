// Changes as nft's commands.
import { elementCommands } from '../kernel/nft-elements.ts';
import type { ElementChange } from './diff.ts';
import { chainCommands, tableName } from './layout.ts';
import type { BalanceShape } from './shape.ts';
import type { Family } from '../ip/address.ts';

export type ChainUse = { readonly family: Family; readonly shape: BalanceShape };

/** The commands of one transaction. `chains` are made first: entries lead to them. */
export const commandsOf = (chains: readonly ChainUse[], changes: readonly ElementChange[]): string =>
  [
    ...chains.flatMap(({ family, shape }) => chainCommands(family, shape)),
    ...elementCommands(
      changes.map(({ verb, family, map, element }) => ({
        verb,
        set: `${tableName(family)} ${map}`,
        element,
      })),
    ),
  ].join('\n');
