// Changes of elements as nft's own commands: what a person reads, and what the fake of nftables understands.
import type { NftElementChange } from '../../src/kernel/nft-elements.ts';

/** One command for all elements of a map, deletions first. */
export const elementCommands = (changes: readonly NftElementChange[]): string => {
  const groups = Map.groupBy(
    changes,
    ({ verb, set: { family, table, name } }) => `${verb} element ${family} ${table} ${name}`,
  );
  const lines = [...groups].map(
    ([command, group]) => `${command} { ${group.map(({ element }) => element).join(', ')} }`,
  );
  return lines.sort((a, b) => Number(a.startsWith('add')) - Number(b.startsWith('add'))).join('\n');
};
