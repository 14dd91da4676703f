// The ranges whose addresses are the cluster's: nobody else is asked whose one is. Those of Services come and go as
// ServiceCIDR objects (KEP-1880).
import type { Informer } from '../informer/informer.ts';
import type { Address } from '../ip/address.ts';
import { parsePrefix, prefixContains } from '../ip/prefix.ts';
import type { Prefix } from '../ip/prefix.ts';
import type { ServiceCIDR } from '../k8s/generated/types.ts';

export type OwnRangesOptions = {
  /** Those that stay. */
  readonly reverseCidrs?: readonly string[];
  readonly serviceCidrs?: Informer<ServiceCIDR> | undefined;
  /** After each change. */
  readonly onChange: () => void;
};

export type OwnRanges = { readonly has: (address: Address) => boolean; readonly stop: () => void };

export const followOwnRanges = ({
  reverseCidrs = [],
  serviceCidrs,
  onChange,
}: OwnRangesOptions): OwnRanges => {
  let prefixes = parsed(reverseCidrs);
  const unsubscribe = serviceCidrs?.subscribe(() => {
    const later = serviceCidrs.list().flatMap(({ spec }) => spec?.cidrs ?? []);
    prefixes = parsed([...reverseCidrs, ...later]);
    onChange();
  });
  return {
    has: (address) => prefixes.some((prefix) => prefixContains(prefix, address)),
    stop: () => unsubscribe?.(),
  };
};

const parsed = (cidrs: readonly string[]): readonly Prefix[] =>
  [...new Set(cidrs)].map(parsePrefix).filter((prefix) => prefix !== undefined);
