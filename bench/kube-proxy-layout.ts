// The peer of the benchmarks of Services: kube-proxy's nftables layout, a chain for each Service port and one for each of
// its endpoints. Written from kubernetes pkg/proxy/nftables/README.md (1.36), without what these Services do not use.
import { execFileSync } from 'node:child_process';

export type PeerService = {
  readonly name: string;
  readonly vip: string;
  /** Addresses. */
  readonly endpoints: readonly string[];
};

type PeerLoad = {
  readonly services: readonly PeerService[];
  readonly podCidr: string;
  /** Where the endpoints serve port 80 of their Service. */
  readonly targetPort: number;
  readonly limitSeconds: number;
  /** Before `nft`: `ip netns exec NAME`. */
  readonly inside?: readonly string[];
};

const TABLE = 'ip kube-proxy';

const serviceChain = ({ name }: PeerService, n: number): string =>
  `service-${n.toString(36).padStart(8, '0')}-ns/${name}/tcp/http`;

const endpointChain = (service: string, ip: string): string => `endpoint-${service.slice(8)}__${ip}/http`;

const rulesOf = (
  { vip, endpoints }: PeerService,
  chain: string,
  { podCidr, targetPort }: PeerLoad,
): string[] => {
  const choice = endpoints.map((ip, i) => `${i} : goto ${endpointChain(chain, ip)}`).join(', ');
  return [
    `add rule ${TABLE} ${chain} ip daddr ${vip} tcp dport 80 ip saddr != ${podCidr} jump mark-for-masquerade`,
    `add rule ${TABLE} ${chain} numgen random mod ${endpoints.length} vmap { ${choice} }`,
    ...endpoints.flatMap((ip) => [
      `add rule ${TABLE} ${endpointChain(chain, ip)} ip saddr ${ip} jump mark-for-masquerade`,
      `add rule ${TABLE} ${endpointChain(chain, ip)} meta l4proto tcp dnat to ${ip}:${targetPort}`,
    ]),
    `add element ${TABLE} cluster-ips { ${vip} }`,
    `add element ${TABLE} service-ips { ${vip} . tcp . 80 : goto ${chain} }`,
  ];
};

/** One transaction. */
const kubeProxyCommands = (load: PeerLoad): string => {
  const { services } = load;
  const chains = services.map(serviceChain);
  const names = services.flatMap(({ endpoints }, n) => [
    chains[n]!,
    ...endpoints.map((ip) => endpointChain(chains[n]!, ip)),
  ]);
  return `add table ${TABLE}
add set ${TABLE} cluster-ips { type ipv4_addr; }
add map ${TABLE} service-ips { type ipv4_addr . inet_proto . inet_service : verdict; }
add chain ${TABLE} mark-for-masquerade
add rule ${TABLE} mark-for-masquerade mark set mark or 0x4000
${names.map((name) => `add chain ${TABLE} ${name}`).join('\n')}
${services.flatMap((service, n) => rulesOf(service, chains[n]!, load)).join('\n')}
add chain ${TABLE} services
add rule ${TABLE} services ip daddr . meta l4proto . th dport vmap @service-ips
add chain ${TABLE} nat-prerouting { type nat hook prerouting priority -100; }
add rule ${TABLE} nat-prerouting jump services
`;
};

/** Loads by the nft program, as kube-proxy does it; how long it took, undefined if longer than the limit. */
export const loadKubeProxyLayout = (load: PeerLoad): number | undefined => {
  const { limitSeconds, inside = [] } = load;
  if (limitSeconds === 0) return undefined;
  const input = kubeProxyCommands(load);
  const [file, ...args] = [...inside, 'nft', '-f', '-'];
  const start = performance.now();
  try {
    execFileSync(file!, args, {
      input,
      stdio: ['pipe', 'ignore', 'inherit'],
      timeout: limitSeconds * 1000,
      killSignal: 'SIGKILL',
    });
    return (performance.now() - start) / 1000;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT') return undefined;
    throw error;
  }
};
