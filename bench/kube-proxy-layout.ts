// The peer of the benchmarks of Services: kube-proxy's nftables layout, a chain for each Service port and one for each of
// its endpoints. Written from kubernetes pkg/proxy/nftables/README.md (1.36), without what these Services do not use.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

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

export type PeerTime = { readonly seconds: number; readonly isDone: boolean };

const PROGRESS_MS = 15_000;

/** Loads by the nft program, as kube-proxy does it, for no longer than the limit. Tells stderr how it is going. */
export const loadKubeProxyLayout = async (load: PeerLoad): Promise<PeerTime> => {
  const { limitSeconds, inside = [] } = load;
  if (limitSeconds === 0) return { seconds: 0, isDone: false };
  const input = kubeProxyCommands(load);
  const [file, ...args] = [...inside, 'nft', '-f', '-'];
  const start = performance.now();
  const seconds = (): number => (performance.now() - start) / 1000;
  const nft = spawn(file!, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  const limit = setTimeout(() => nft.kill('SIGKILL'), limitSeconds * 1000);
  const tell = (): void =>
    void process.stderr.write(
      `kube-proxy's layout: ${seconds().toFixed(0)} s of at most ${limitSeconds.toFixed(0)} s\n`,
    );
  const progress = setInterval(tell, PROGRESS_MS);
  nft.stdin.on('error', () => {}); // of one that is given up
  nft.stdin.end(input);
  const [code, signal] = (await once(nft, 'exit')) as [number | null, NodeJS.Signals | null];
  const taken = { seconds: seconds(), isDone: code === 0 };
  clearTimeout(limit);
  clearInterval(progress);
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`nft ended with ${code ?? signal}`);
  return taken;
};
