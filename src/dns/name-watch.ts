// Who wants to know the addresses of a name before those do who asked for them: policies whose peers are names.
import { addressFromBytes, formatAddress } from '../ip/address.ts';
import { RCODE, TYPE } from '../wire/dns/constants.ts';
import type { ResourceRecord } from '../wire/dns/message.ts';
import { lowerName } from '../wire/dns/name.ts';

export type NameWatch = {
  /** `name` in lower case. Asked with every answer: cheap. */
  readonly isWatched: (name: string) => boolean;
  /** The answer leaves when this returns. */
  readonly learn: (name: string, addresses: readonly ToldAddress[]) => void;
  /** Hears when other names are watched than before. */
  readonly subscribe: (listener: () => void) => () => void;
};

export type ToldAddress = { readonly address: string; readonly ttlSeconds: number };

export type Said = { readonly rcode: number; readonly answers?: readonly ResourceRecord[] };

/** Tells what an answer says about a name that is watched. */
export const tell = (watch: NameWatch, asked: string, { rcode, answers = [] }: Said): void => {
  const name = lowerName(asked);
  if (rcode !== RCODE.NOERROR || !watch.isWatched(name)) return;
  const told = addressesOf(name, answers);
  if (told.length > 0) watch.learn(name, told);
};

/**
 * The addresses that the records give for the name (in lower case), through any aliases among them, each for as long as
 * the whole way to it holds. Addresses of other names, which the records may have too, are not the name's.
 */
export const addressesOf = (name: string, records: readonly ResourceRecord[]): readonly ToldAddress[] => {
  const way = wayFrom(name, records);
  return records.flatMap(({ name: owner, type, ttlSeconds, data }) => {
    const waySeconds = way.get(lowerName(owner));
    const isAddress = data.kind === 'address' && (type === TYPE.A || type === TYPE.AAAA);
    if (waySeconds === undefined || !isAddress) return [];
    return [
      {
        address: formatAddress(addressFromBytes(data.bytes)),
        ttlSeconds: Math.min(waySeconds, ttlSeconds),
      },
    ];
  });
};

/** The names that aliases lead to, and for how many seconds they do. */
const wayFrom = (name: string, records: readonly ResourceRecord[]): ReadonlyMap<string, number> => {
  const aliases = new Map(
    records.flatMap(({ name: owner, type, ttlSeconds, data }) =>
      type === TYPE.CNAME && data.kind === 'name'
        ? [[lowerName(owner), { target: lowerName(data.name), ttlSeconds }] as const]
        : [],
    ),
  );
  const way = new Map([[name, Infinity]]);
  let [at, seconds] = [name, Infinity];
  for (let alias = aliases.get(at); alias && !way.has(alias.target); alias = aliases.get(at)) {
    [at, seconds] = [alias.target, Math.min(seconds, alias.ttlSeconds)];
    way.set(at, seconds);
  }
  return way;
};
