// The addresses of names, kept for the agent that comes after this one: those who have been told of them may still connect.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import type { Untils } from './told-names.ts';

export type NamesFile = {
  /** Nothing if there is no file, or none that can be read. */
  readonly read: () => Untils;
  /** At once; of many the last one a little later. */
  readonly write: (untils: Untils) => void;
  /** What is still to be written is. */
  readonly close: () => void;
};

export type NamesFileOptions = { readonly path: string; readonly clock: Clock; readonly log: Log };

const GAP_MS = 500;

export const openNamesFile = (options: NamesFileOptions): NamesFile => {
  let unwritten: Untils | undefined;
  let gap: Timer | undefined;
  const writeUnwritten = (): void => {
    gap = undefined;
    if (!unwritten) return;
    writeText(unwritten, options);
    unwritten = undefined;
    gap = options.clock.after(GAP_MS, writeUnwritten);
  };
  return {
    read: () => readText(options),
    write: (untils) => {
      unwritten = untils;
      if (!gap) writeUnwritten();
    },
    close: () => {
      gap?.cancel();
      if (unwritten) writeText(unwritten, options);
    },
  };
};

const readText = ({ path, log }: NamesFileOptions): Untils => {
  try {
    const text = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Record<string, number>>>;
    return new Map(Object.entries(text).map(([name, untils]) => [name, new Map(Object.entries(untils))]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      log.warn({ err: error, path }, 'addresses of domain names not found again');
    return new Map();
  }
};

const writeText = (untils: Untils, { path, log }: NamesFileOptions): void => {
  const text = Object.fromEntries([...untils].map(([name, each]) => [name, Object.fromEntries(each)]));
  try {
    writeFileSync(`${path}.tmp`, JSON.stringify(text), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    log.warn({ err: error, path }, 'addresses of domain names not kept');
  }
};
