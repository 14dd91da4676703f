// The addresses of names, kept for the agent that comes after this one: those who have been told of them may still connect.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Log } from '../../lang/log.ts';
import type { Untils } from './told-names.ts';

export type NamesFile = {
  /** Nothing if there is no file, or none that can be read. */
  readonly read: () => Untils;
  readonly write: (untils: Untils) => void;
};

export const openNamesFile = (path: string, log: Log): NamesFile => ({
  read: () => {
    try {
      const text = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Record<string, number>>>;
      return new Map(Object.entries(text).map(([name, untils]) => [name, new Map(Object.entries(untils))]));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        log.warn({ err: error, path }, 'addresses of domain names not found again');
      return new Map();
    }
  },
  write: (untils) => {
    const text = Object.fromEntries([...untils].map(([name, each]) => [name, Object.fromEntries(each)]));
    try {
      writeFileSync(`${path}.tmp`, JSON.stringify(text), { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    } catch (error) {
      log.warn({ err: error, path }, 'addresses of domain names not kept');
    }
  },
});
