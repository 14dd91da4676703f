// /etc/hosts of a pod (kubelet_pods.go managedHostsFileContent).
import type { HostAlias } from '../../k8s/generated/types.ts';

const HEADER = '# Kubernetes-managed hosts file.\n';
const LOCAL = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

export type HostsFacts = {
  readonly ips: readonly string[];
  readonly hostname: string;
  /** With a subdomain: `web-0.nginx.default.svc.cluster.local`. */
  readonly fqdn: string | undefined;
  readonly aliases: readonly HostAlias[];
};

export const hostsFile = ({ ips, hostname, fqdn, aliases }: HostsFacts): string =>
  HEADER +
  LOCAL +
  ips.map((ip) => `${ip}\t${fqdn ? `${fqdn}\t` : ''}${hostname}\n`).join('') +
  aliasLines(aliases);

/** For hostNetwork pods: the node's own file, and the aliases. */
export const hostNetworkHostsFile = (nodeFile: string, aliases: readonly HostAlias[]): string =>
  `# Kubernetes-managed hosts file (host network).\n${nodeFile}${aliasLines(aliases)}`;

const aliasLines = (aliases: readonly HostAlias[]): string =>
  aliases.length === 0
    ? ''
    : `\n# Entries added by HostAliases.\n${aliases
        .map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`)
        .join('')}`;
