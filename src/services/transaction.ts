// Changes as nft's commands: one command for all elements of a map, deletions before additions.
import type { ElementChange } from './diff.ts';
import { chainCommands, tableName } from './layout.ts';
import type { BalanceShape } from './shape.ts';
import type { Family } from '../ip/address.ts';

export type ChainUse = { readonly family: Family; readonly shape: BalanceShape };

/** The commands of one transaction. `chains` are made first: entries lead to them. */
export const commandsOf = (chains: readonly ChainUse[], changes: readonly ElementChange[]): string => {
  const groups = Map.groupBy(
    changes,
    ({ verb, family, map }) => `${verb} element ${tableName(family)} ${map}`,
  );
  const lines = [...groups].map(
    ([command, group]) => `${command} { ${group.map(({ element }) => element).join(', ')} }`,
  );
  return [
    ...chains.flatMap(({ family, shape }) => chainCommands(family, shape)),
    ...lines.filter((line) => line.startsWith('delete')),
    ...lines.filter((line) => line.startsWith('add')),
  ].join('\n');
};
