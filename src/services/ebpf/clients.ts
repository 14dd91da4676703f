// Who the pods are, where session affinity needs it: programs know a client by its network namespace, the tables by its
// address. A pod is looked for when it first asks for a Service with affinity; until it is found, the tables serve it.
import type { BpfMap } from '../../kernel/bpf-map.ts';
import { netnsIdentity } from '../../kernel/netns-identity.ts';
import type { Clock, Timer } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { viewOf } from '../../wire/netlink.ts';
import { CLIENT_SEED } from '../layout.ts';
import { clientHash } from './client-hash.ts';
import { CLIENT_HASH, writeNumber } from './layout.ts';
import { networksOf } from './pod-networks.ts';

const LOOK_MS = 500;

type ClientMaps = { readonly clients: BpfMap; readonly strangers: BpfMap };

export class ClientWatch {
  readonly #cgroup: string;
  readonly #clock: Clock;
  readonly #log: Log;
  #maps: ClientMaps | undefined;
  #timer: Timer | undefined;

  constructor(cgroup: string, clock: Clock, log: Log) {
    this.#cgroup = cgroup;
    this.#clock = clock;
    this.#log = log;
  }

  /** Learns all pods that there are, and from then on those that ask; into these maps from now on. */
  start(maps: ClientMaps): void {
    const isNew = this.#maps?.clients !== maps.clients;
    this.#maps = maps;
    if (isNew) this.#learn();
    this.#timer ??= this.#clock.after(LOOK_MS, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#maps = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    if (!this.#maps) return;
    const { strangers } = this.#maps;
    if (strangers.lookup(NOBODY)?.some((byte) => byte !== 0)) {
      strangers.update(NOBODY, NOBODY); // before: who asks meanwhile is looked for next time
      this.#learn();
    }
    this.start(this.#maps);
  }

  /** O(processes of pods). */
  #learn(): void {
    for (const netns of networksOf(this.#cgroup))
      try {
        const { cookie, addresses } = netnsIdentity(netns);
        this.#maps?.clients.update(cookie, hashesOf(addresses));
      } catch (error) {
        this.#log.debug({ err: error }, 'a pod is gone, or its packets are translated'); // Linux < 5.14: no cookie
      }
  }
}

const NOBODY = new Uint8Array(4);

/** A value of `clients`. A pod has one address of a family at most; without one it does not ask for the family. */
const hashesOf = (addresses: readonly string[]): Uint8Array => {
  const bytes = new Uint8Array(8);
  for (const address of addresses.toReversed())
    writeNumber(viewOf(bytes), CLIENT_HASH[address.includes(':') ? 6 : 4], clientHash(address, CLIENT_SEED));
  return bytes;
};
