// How many first packets of connections the kernel did not log, since there were too many.
import { isKernelError } from '../../kernel/kernel-error.ts';
import type { Nft } from '../../kernel/nft.ts';
import { TABLE, UNLOGGED } from './layout.ts';

/** Since the table was made; 0 where there is none. */
export const readUnlogged = (nft: Pick<Nft, 'packets'>): number => {
  try {
    return nft.packets(TABLE, UNLOGGED);
  } catch (error) {
    if (isKernelError(error, 'ENOENT')) return 0;
    throw error;
  }
};
