// What both kinds of policies are read with: nothing throws, and what cannot be understood is reported.
import { prefixOf } from '../../ip/prefix.ts';
import type { Prefix } from '../../ip/prefix.ts';
import { parseSloppyPrefix } from '../../ip/sloppy.ts';
import type { LabelSelector } from '../../k8s/generated/types.ts';
import { selectorOf } from './selector.ts';
import type { Selector } from './selector.ts';

/** Hears what could not be understood, and where; gives what that is read as. */
export type Report = (path: string, what: string) => undefined;

/** In every notation that the API has ever taken: host bits and leading zeros do not matter. */
export const prefixAt = (cidr: string): Prefix | undefined => {
  const parsed = parseSloppyPrefix(cidr);
  return parsed && prefixOf(parsed.address, parsed.length);
};

export const isPortNumber = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535;

export const selectorAt = (selector: LabelSelector, path: string, report: Report): Selector | undefined => {
  const read = selectorOf(selector);
  if (!read) report(path, 'has an operator that is unknown');
  return read;
};
