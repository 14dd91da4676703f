// eventfd(2): a counter that the kernel raises and we read.
import { readSync } from 'node:fs';
import { closeDescriptor, eventfd } from './ffi/libc.ts';

export type EventCounter = {
  readonly fd: number;
  /** What was counted since the last call. */
  readonly take: () => number;
  readonly close: () => void;
};

export const openEventCounter = (): EventCounter => {
  const fd = eventfd('open an event counter');
  const take = (): number => {
    const value = new BigUint64Array(1);
    try {
      readSync(fd, value);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error; // EAGAIN: zero
    }
    return Number(value[0]);
  };
  return { fd, take, close: () => closeDescriptor(fd) };
};
