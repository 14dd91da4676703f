// Errors that nobody caught, of this thread: a fault in one request or one pod must not end what serves all the others.
import type { Log } from './log.ts';

/** From now on they are logged, and the thread goes on: the loop that met one tries again. */
export const logUncaughtErrors = (log: Pick<Log, 'error'>): void => {
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'));
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
};
