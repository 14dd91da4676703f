// Families of tables by the word that nft has for them (linux/netfilter.h, NFPROTO_*).
import { AF_INET, AF_INET6 } from '../family.ts';

const FAMILY_NUMBERS = { ip: AF_INET, ip6: AF_INET6, inet: 1 } as const;
export type NftFamily = keyof typeof FAMILY_NUMBERS;

/** struct nfgenmsg, the header of every message; of all families unless one is named. */
export const familyHeader = (family?: NftFamily): Uint8Array =>
  Uint8Array.of(family ? FAMILY_NUMBERS[family] : 0, 0, 0, 0);
