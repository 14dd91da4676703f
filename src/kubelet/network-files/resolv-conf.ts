// What stands in a pod's /etc/resolv.conf, by dnsPolicy and dnsConfig (kubelet/network/dns/dns.go).
import type { PodSpec } from '../../k8s/generated/types.ts';

export type DnsConfig = {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
};

export type DnsFacts = {
  readonly spec: PodSpec;
  readonly namespace: string;
  readonly domain: string;
  readonly dnsServiceIps: readonly string[];
  readonly host: { readonly nameservers: readonly string[]; readonly searches: readonly string[] };
};

/** resolv.conf(5): glibc reads the first three servers; Kubernetes allows 32 searches of 2048 characters in all. */
const MAX_SERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_LENGTH = 2048;

export const podDns = (facts: DnsFacts): DnsConfig => {
  const base = baseOf(facts);
  const { nameservers = [], searches = [], options = [] } = facts.spec.dnsConfig ?? {};
  return {
    servers: [...new Set([...base.servers, ...nameservers])].slice(0, MAX_SERVERS),
    searches: fitting([...new Set([...base.searches, ...searches])]),
    options: mergeOptions(base.options, options),
  };
};

const baseOf = ({ spec, namespace, domain, dnsServiceIps, host }: DnsFacts): DnsConfig => {
  const policy = spec.dnsPolicy ?? 'ClusterFirst';
  const isCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !spec.hostNetwork);
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  if (!isCluster) return { servers: host.nameservers, searches: withoutRoot(host.searches), options: [] };
  const own = [`${namespace}.svc.${domain}`, `svc.${domain}`, domain];
  return {
    servers: dnsServiceIps,
    searches: [...own, ...withoutRoot(host.searches)],
    options: ['ndots:5'], // names like _dns._udp.kube-dns.default.svc must go through the search path
  };
};

// A host's `search .` breaks musl's resolver in pods (kubernetes #109441).
const withoutRoot = (searches: readonly string[]): readonly string[] =>
  searches.filter((search) => search !== '.');

const fitting = (searches: readonly string[]): readonly string[] => {
  let length = 0;
  return searches
    .slice(0, MAX_SEARCHES)
    .filter((search) => (length += search.length + 1) <= MAX_SEARCH_LENGTH + 1);
};

/** An option of dnsConfig replaces the one of the same name. */
const mergeOptions = (
  base: readonly string[],
  options: readonly { readonly name?: string | undefined; readonly value?: string | undefined }[],
): readonly string[] => {
  const byName = new Map(base.map((option) => [option.split(':')[0]!, option]));
  for (const { name, value } of options) if (name) byName.set(name, value ? `${name}:${value}` : name);
  return [...byName.values()];
};
