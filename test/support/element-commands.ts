// Changes of elements as nft's own commands: what a person reads, and what the fake of nftables understands.
import type { NftElementChange } from '../../src/kernel/nft-elements.ts';
import { elementCommands } from '../../src/kernel/nft-element-text.ts';

export const commandsOfChanges = (changes: readonly NftElementChange[]): string =>
  elementCommands(
    changes.map(({ verb, set: { family, table, name }, element }) => ({
      verb: verb === 'delete' ? verb : 'add',
      set: `${family} ${table} ${name}`,
      element,
    })),
  ).join('\n');
