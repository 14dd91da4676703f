// The addresses in use on a node, kept in a folder: one symbolic link for each, named by the address, that points to
// the id of its sandbox. symlink(2) makes name and content in one step or fails, so an address is never taken twice
// nor left without an owner, whenever the process dies; `ls -l` shows who has what.
//
//   10.244.0.7 -> 5f0c...   fd00:10:244::7 -> 5f0c...   .last-10.244.0.0_24 (where the search goes on)
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { formatAddress, parseAddress } from '../ip/address.ts';
import type { Address } from '../ip/address.ts';
import { formatPrefix, prefixContains } from '../ip/prefix.ts';
import type { Prefix } from '../ip/prefix.ts';
import { nextFreeAddress } from './address-range.ts';

/** No address is left in a range: the pod has to wait until another one ends. */
export class AddressesExhaustedError extends Error {
  constructor(prefix: Prefix) {
    super(`no addresses left in ${formatPrefix(prefix)}`);
    this.name = 'AddressesExhaustedError';
  }
}

export class AddressStore {
  readonly #folder: string;
  readonly #prefixes: readonly Prefix[];
  /** Address -> sandbox id, as in the folder. */
  readonly #owners = new Map<string, string>();
  readonly #cursors: readonly Cursor[];

  /** Finds again what an earlier process allocated. */
  constructor(folder: string, prefixes: readonly Prefix[]) {
    this.#folder = folder;
    this.#prefixes = prefixes;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      if (!name.startsWith('.')) this.#owners.set(name, readlinkSync(join(folder, name)));
    }
    this.#cursors = prefixes.map((prefix) => new Cursor(lastFile(folder, prefix)));
  }

  /** One address of each range, or none and AddressesExhaustedError. A sandbox keeps those that it has already. */
  allocate(sandboxId: string): readonly Address[] {
    const present = this.addressesOf(sandboxId);
    try {
      return this.#prefixes.map(
        (prefix, index) =>
          present.find((address) => prefixContains(prefix, address)) ?? this.#take(sandboxId, prefix, index),
      );
    } catch (error) {
      this.release(sandboxId);
      throw error;
    }
  }

  /** Idempotent. */
  release(sandboxId: string): void {
    for (const [address, owner] of this.#owners) {
      if (owner !== sandboxId) continue;
      rmSync(join(this.#folder, address), { force: true });
      this.#owners.delete(address);
    }
  }

  /** Those that the sandbox has. O(addresses in use). */
  addressesOf(sandboxId: string): readonly Address[] {
    return [...this.#owners]
      .filter(([, owner]) => owner === sandboxId)
      .map(([address]) => parseAddress(address))
      .filter((address) => address !== undefined);
  }

  /** The ids of all that have addresses. */
  sandboxIds(): readonly string[] {
    return [...new Set(this.#owners.values())];
  }

  close(): void {
    for (const cursor of this.#cursors) cursor.close();
  }

  #take(sandboxId: string, prefix: Prefix, index: number): Address {
    for (;;) {
      const cursor = this.#cursors[index]!;
      const address = nextFreeAddress(prefix, cursor.last, (candidate) =>
        this.#owners.has(formatAddress(candidate)),
      );
      if (!address) throw new AddressesExhaustedError(prefix);
      if (!this.#claim(formatAddress(address), sandboxId)) continue;
      cursor.moveTo(address);
      return address;
    }
  }

  /** False if another process took it first: then it is remembered as taken. */
  #claim(address: string, sandboxId: string): boolean {
    const path = join(this.#folder, address);
    try {
      symlinkSync(sandboxId, path);
      this.#owners.set(address, sandboxId);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      this.#owners.set(address, readlinkSync(path));
      return false;
    }
  }
}

const lastFile = (folder: string, prefix: Prefix): string =>
  join(folder, `.last-${formatPrefix(prefix).replace('/', '_')}`);

/** The longest text of an address, and then some: each write covers the one before. */
const CURSOR_BYTES = 48;

/** The address that was taken last, in a file. Written in place: ext4 flushes a file that is cut and written anew. */
class Cursor {
  readonly #fd: number;
  #last: Address | undefined;

  constructor(path: string) {
    this.#fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    this.#last = parseAddress(readFileSync(this.#fd, 'utf8').trim());
  }

  /** Undefined where it was never written, or half written: the search begins at the range's start. */
  get last(): Address | undefined {
    return this.#last;
  }

  moveTo(address: Address): void {
    this.#last = address;
    writeSync(this.#fd, formatAddress(address).padEnd(CURSOR_BYTES), 0);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
