// Structured logs: JSON lines on stderr by pino. Secrets never go in here.
import { destination, pino } from 'pino';

export type Log = {
  readonly debug: (facts: object, message: string) => void;
  readonly info: (facts: object, message: string) => void;
  readonly warn: (facts: object, message: string) => void;
  readonly error: (facts: object, message: string) => void;
  /** A log whose every line carries `facts` too. */
  readonly child: (facts: object) => Log;
};

/** The process's log. `level` is one of pino's: debug, info, warn, error, silent. */
export const createLog = (component: string, level = process.env['PODNET_LOG_LEVEL'] ?? 'info'): Log =>
  pino(
    { level, base: { component }, timestamp: () => `,"time":"${new Date().toISOString()}"` },
    destination({ dest: 2, sync: true }),
  );

const nothing = (): void => {};

/** A log that drops everything, for tests. */
export const silentLog: Log = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLog,
};
