// nftables in process: nft's own language, no child process. About 80 us for a transaction of one element.
import {
  OUTPUT_JSON,
  OUTPUT_TERSE,
  createContext,
  freeContext,
  readError,
  readOutput,
  runCommands,
  setOutputFlags,
} from './ffi/libnftables.ts';
import type { NftContext } from './ffi/libnftables.ts';
import { KernelError } from './kernel-error.ts';
import { openNftElements } from './nft-elements.ts';
import type { NftElementChange } from './nft-elements.ts';
import { openNftObjects } from './nft-objects.ts';

export type Nft = {
  /** Runs the commands as one transaction: all of it or, with a KernelError that carries nft's own text, nothing. */
  readonly run: (commands: string) => void;
  /**
   * Deletes and adds elements as one transaction, deletions first: all of it or, with a KernelError, nothing. ENOENT: one to
   * delete, or its set, is not there; EEXIST: one to add is there with another value.
   */
  readonly change: (changes: readonly NftElementChange[]) => void;
  /** Runs a `list` command: the objects of libnftables-json(5), `metainfo` left out. `terse` leaves out set elements. */
  readonly query: (command: string, options?: { readonly terse?: boolean }) => readonly NftObject[];
  /** The tables of IPv4, IPv6 and both, as `ip podnet`. What they hold does not matter to its cost, as it does to `query`. */
  readonly tables: () => readonly string[];
  /** The table's chains, rules and sets as text to compare, without elements and counters; its cost is theirs. */
  readonly structure: (table: string) => string;
  /** How many packets a counter with a name has counted; as cheap. Throws ENOENT where there is none. */
  readonly packets: (table: string, counter: string) => number;
  readonly close: () => void;
};

/** One object of a listing, by its kind: `{chain: {family: 'ip', table: 'podnet', name: 'pick-2', handle: 7}}`. */
export type NftObject = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

let transactions = 0;

/** How many transactions this thread made. One that changes nothing counts here, but makes no generation. */
export const ownTransactions = (): number => transactions;

/** Speaks to the network namespace in which the calling thread is now, also if the thread moves later. */
export const openNft = (): Nft => {
  const context = createContext();
  const elements = openNftElements();
  const objects = openNftObjects();
  return {
    run: (commands) => {
      runIn(context, commands, 0);
      transactions++;
    },
    change: (changes) => {
      if (changes.length === 0) return;
      elements.change(changes);
      transactions++;
    },
    query: (command, { terse = false } = {}) =>
      objectsOf(runIn(context, command, OUTPUT_JSON | (terse ? OUTPUT_TERSE : 0))),
    tables: objects.tables,
    structure: objects.structure,
    packets: objects.packets,
    close: () => {
      freeContext(context);
      elements.close();
      objects.close();
    },
  };
};

const runIn = (context: NftContext, commands: string, outputFlags: number): string => {
  setOutputFlags(context, outputFlags);
  const succeeded = runCommands(context, commands);
  // both buffers are emptied by reading them: what is left would be part of the next answer
  const [output, text] = [readOutput(context), readError(context)];
  if (!succeeded) throw nftErrorOf(text);
  return output;
};

const objectsOf = (output: string): readonly NftObject[] => {
  const { nftables = [] } = JSON.parse(output || '{}') as { readonly nftables?: readonly NftObject[] };
  return nftables.filter((object) => !('metainfo' in object));
};

/** The C library's texts for the errors that the kernel gives for nftables: libnftables tells no errno. */
const CODES: Readonly<Record<string, string>> = {
  'No such file or directory': 'ENOENT',
  'File exists': 'EEXIST',
  'Device or resource busy': 'EBUSY',
  'Operation not permitted': 'EPERM',
  'Operation not supported': 'EOPNOTSUPP',
  'Message too long': 'EMSGSIZE',
  'No buffer space available': 'ENOBUFS',
  'Too many open files in system': 'ENFILE',
  'Interrupted system call': 'EINTR',
};

/** Long scripts come back whole in the error's excerpt; this is enough to see what was wrong. */
const TEXT_MAX = 600;

/** EINVAL stands for what nft refuses by itself: syntax, types. */
const nftErrorOf = (text: string): KernelError => {
  const reason = /^.*?Error: (?:Could not process rule: )?(.*)$/m.exec(text)?.[1] ?? '';
  return new KernelError(CODES[reason] ?? 'EINVAL', `nft: ${text.trim().slice(0, TEXT_MAX)}`);
};
