// What the controller knows of Services that want a load balancer's address, and what it wants for each.
import type { Address, Family } from '../../ip/address.ts';

/** The loadBalancerClass of this controller; Services without a class are its own too. */
export const CLASS = 'podnet.dev/load-balancer';

/** Keeps a Service until its address is given back. https://kubernetes.io/docs/concepts/services-networking/service/ */
export const FINALIZER = 'service.kubernetes.io/load-balancer-cleanup';

/** A Service that wants addresses, one of each family. */
export type Claim = {
  readonly key: string;
  readonly families: readonly Family[];
  /** PreferDualStack: a family for which there is no pool is left out silently. */
  readonly acceptsFewer: boolean;
  /** From `loadBalancerIP`; undefined without one. */
  readonly requested: { readonly text: string; readonly address: Address | undefined } | undefined;
  /** What its status says. */
  readonly held: readonly Address[];
};

/** What a Service has from now on, and why it has no more. */
export type Grant = { readonly ips: readonly string[]; readonly problems: readonly string[] };

/** `default/web 172.30.0.225 fd00:172:30::1:1`, one line for each Service. */
export const toText = (grants: ReadonlyMap<string, Grant>): string =>
  [...grants]
    .map(([key, { ips, problems }]) => [key, ...ips, ...problems.map((text) => `(${text})`)].join(' '))
    .join('\n');
