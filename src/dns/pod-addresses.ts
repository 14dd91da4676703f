// Which addresses pods have, and nothing else of them: a large cluster has a hundred thousand, and a cache of whole pods
// would be most of an agent's memory. About 60 bytes a pod.
import { reflect } from '../informer/reflector.ts';
import type { ReflectorOptions } from '../informer/reflector.ts';
import type { Pod } from '../k8s/generated/types.ts';
import type { Stored, StoredMeta } from '../k8s/objects.ts';
import { isPodFinished } from '../k8s/pod-state.ts';
import { pods } from '../k8s/resources.ts';
import { fnv1a32 } from '../lang/fnv.ts';

export type PodAddresses = {
  /** Whether a pod of that namespace has the address and has not finished. */
  readonly has: (ip: string, namespace: string) => boolean;
  readonly whenSynced: () => Promise<void>;
  readonly stop: () => void;
};

export const startPodAddresses = (options: Omit<ReflectorOptions<Pod>, 'resource'>): PodAddresses => {
  const abort = new AbortController();
  const synced = Promise.withResolvers<void>();
  let present = new AddressTable();
  let listed = present;
  void reflect({ ...options, resource: pods }, abort.signal, {
    begin: () => void (listed = new AddressTable()),
    page: (items) => items.forEach((pod) => record(listed, pod)),
    end: () => {
      present = listed;
      synced.resolve();
    },
    event: ({ type, object }) => (type === 'DELETED' ? forget(present, object) : record(present, object)),
  });
  return {
    has: (ip, namespace) => present.has(ip, namespace),
    whenSynced: () => synced.promise,
    stop: () => abort.abort(),
  };
};

const record = (table: AddressTable, pod: Stored<Pod>): void => {
  if (isPodFinished(pod)) return forget(table, pod);
  for (const ip of addressesOf(pod)) table.set(ip, pod.metadata);
};

const forget = (table: AddressTable, pod: Stored<Pod>): void => {
  for (const ip of addressesOf(pod)) table.delete(ip, pod.metadata);
};

/** The host's network is not the pod's own. */
const addressesOf = ({ spec, status }: Stored<Pod>): readonly string[] =>
  spec?.hostNetwork ? [] : (status?.podIPs ?? []).map(({ ip }) => ip);

/** Bits of a pod's uid that are kept, to tell a pod from the next one with its address. */
const UID_BITS = 2 ** 24;

/** Numbers as keys and values where it can be: a Map holds them without an object of their own. */
class AddressTable {
  /** IPv4 as 32 bits, IPv6 as text -> namespace id and bits of the uid. */
  readonly #podByIp = new Map<number | string, number>();
  readonly #idByNamespace = new Map<string, number>();

  has(ip: string, namespace: string): boolean {
    const pod = this.#podByIp.get(keyOf(ip));
    return pod !== undefined && Math.floor(pod / UID_BITS) === this.#idByNamespace.get(namespace);
  }

  set(ip: string, pod: StoredMeta): void {
    this.#podByIp.set(keyOf(ip), this.#numberOf(pod));
  }

  /** An address may have another pod by now. */
  delete(ip: string, pod: StoredMeta): void {
    if (this.#podByIp.get(keyOf(ip)) === this.#numberOf(pod)) this.#podByIp.delete(keyOf(ip));
  }

  #numberOf({ namespace = '', uid }: StoredMeta): number {
    const id = this.#idByNamespace.get(namespace) ?? this.#idByNamespace.size;
    this.#idByNamespace.set(namespace, id);
    return id * UID_BITS + (fnv1a32(uid) % UID_BITS);
  }
}

const keyOf = (ip: string): number | string =>
  ip.includes(':') ? ip : ip.split('.').reduce((bits, part) => (bits << 8) | Number(part), 0);
