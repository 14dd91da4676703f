// The file that audit events go to, one JSON line each.
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Log } from '../../lang/log.ts';

export type AuditLog = {
  /** Does not wait for the disk. */
  readonly write: (event: object) => void;
  /** Resolves when all is written. */
  readonly close: () => Promise<void>;
};

/** Appends; a new file is for its owner only. A disk that fails is logged once: requests go on. */
export const openAuditLog = (path: string, log: Log): AuditLog => {
  const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
  stream.once('error', (error) => log.error({ err: error, path }, 'the audit log cannot be written'));
  return {
    write: (event) => {
      if (!stream.destroyed) stream.write(`${JSON.stringify(event)}\n`);
    },
    close: async () => {
      stream.end();
      await finished(stream).catch(() => {}); // told already
    },
  };
};
