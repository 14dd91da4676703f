// Rules for a pod's resolver and its hosts file. The limits are libc's.
import { invalid, required } from '../../k8s/field-errors.ts';
import type { HostAlias, PodDNSConfig, PodSpec } from '../../k8s/generated/types.ts';
import { ipAddress } from './addresses.ts';
import { type FieldErrors, each, ifSet, when } from './compose.ts';
import { dnsSubdomain, underscoredSubdomain } from './texts.ts';

export const dnsConfig = ({ dnsPolicy, dnsConfig: config }: PodSpec, path: string): FieldErrors => {
  if (dnsPolicy === 'None' && !config)
    return [required(path, 'must provide `dnsConfig` when `dnsPolicy` is None')];
  if (dnsPolicy === 'None' && !config?.nameservers?.length)
    return [
      required(`${path}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
    ];
  return ifSet(config, (value) => resolver(value, path));
};

const resolver = ({ nameservers = [], searches = [], options }: PodDNSConfig, path: string): FieldErrors => [
  ...when(nameservers.length > 3, () =>
    invalid(`${path}.nameservers`, nameservers, 'must not have more than 3 nameservers'),
  ),
  ...each(nameservers, `${path}.nameservers`, ipAddress),
  ...when(searches.length > 32, () =>
    invalid(`${path}.searches`, searches, 'must not have more than 32 search paths'),
  ),
  ...when(searches.join(' ').length > 2048, () =>
    invalid(
      `${path}.searches`,
      searches,
      'must not have more than 2048 characters (including spaces) in the search list',
    ),
  ),
  ...each(searches, `${path}.searches`, (search, at) =>
    search === '.' ? [] : underscoredSubdomain(search.replace(/\.$/, ''), at),
  ),
  ...each(options, `${path}.options`, ({ name }, at) => when(!name, () => required(at, 'must not be empty'))),
];

export const hostAliases = (aliases: readonly HostAlias[] | undefined, path: string): FieldErrors =>
  each(aliases, path, ({ ip, hostnames }, at) => [
    ...ipAddress(ip ?? '', `${at}.ip`),
    ...each(hostnames, `${at}.hostnames`, dnsSubdomain),
  ]);
