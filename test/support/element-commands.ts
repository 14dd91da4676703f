// Changes of elements as nft's own commands: what a person reads, and what the fake of nftables understands.
import { elementCommands as commandsOf } from '../../src/kernel/nft-element-text.ts';
import type { NftElementChange } from '../../src/kernel/nft-elements.ts';

/** One command for all elements of a map, deletions first. */
export const elementCommands = (changes: readonly NftElementChange[]): string =>
  commandsOf(
    changes.map(({ verb, set: { family, table, name }, element }) => ({
      verb,
      set: `${family} ${table} ${name}`,
      element,
    })),
  ).join('\n');
