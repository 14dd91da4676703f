// The host's resolver, for what the cluster's own DNS does not know.
import { readFileSync } from 'node:fs';

export type ResolvConf = { readonly nameservers: readonly string[]; readonly searches: readonly string[] };

/** systemd-resolved's stub listens on the host's loopback, which no node reaches: its own list comes first. */
const FILES = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf'];

/** The first file that names a nameserver which can be reached from a node; no nameservers if there is none. */
export const readHostResolvConf = (files: readonly string[] = FILES): ResolvConf => {
  const found = files.map(read).map(parseResolvConf);
  return found.find(({ nameservers }) => nameservers.length > 0) ?? { nameservers: [], searches: [] };
};

/** resolv.conf(5): `nameserver ADDRESS` lines, the last `search` or `domain` line. Loopback addresses are left out. */
export const parseResolvConf = (text: string): ResolvConf => {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const nameservers = lines
    .filter(([key, address]) => key === 'nameserver' && address !== undefined && !isLoopback(address))
    .map(([, address]) => address!);
  const search = lines.findLast(([key]) => key === 'search' || key === 'domain');
  return { nameservers, searches: (search ?? []).slice(1).filter((domain) => domain !== '.') };
};

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
