// Which chains of an iptables table kube-proxy has left there, and which rules lead to them: what `kube-proxy --cleanup`
// takes away (kubernetes pkg/proxy/iptables and pkg/proxy/ipvs, cleanup.go, 1.36). All else is someone else's, the
// kubelet's KUBE-FIREWALL, KUBE-KUBELET-CANARY and KUBE-MARK-DROP too.

export type ChainRule = {
  readonly chain: string;
  /** The chain that it leads to; undefined if it leads to none. */
  readonly target: string | undefined;
  /** How to find it again in its chain. */
  readonly id: string;
};

export type ChainTable = {
  readonly name: string;
  readonly chains: readonly string[];
  /** Those of the chains that packets enter by themselves: PREROUTING and the like. */
  readonly hooked: ReadonlySet<string>;
  readonly rules: readonly ChainRule[];
};

export type KubeProxyPart = {
  readonly chains: readonly string[];
  /** Rules of hooked chains that lead to them. */
  readonly jumps: readonly ChainRule[];
};

const OWN: Readonly<Record<string, RegExp>> = {
  nat: /^KUBE-(SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|PROXY-CANARY|LOAD-BALANCER|NODE-PORT|(SVC|SVL|SEP|FW|XLB|EXT)-.+)$/,
  filter:
    /^KUBE-(SERVICES|EXTERNAL-SERVICES|FORWARD|NODEPORTS|NODE-PORT|PROXY-FIREWALL|PROXY-CANARY|SOURCE-RANGES-FIREWALL|IPVS-FILTER|IPVS-OUT-FILTER)$/,
  mangle: /^KUBE-PROXY-CANARY$/,
};

/** The tables that it has written to. */
export const KUBE_PROXY_TABLES = Object.keys(OWN);

/** A chain that someone else's chain leads to stays, with all that it leads to: a CNI plugin may use KUBE-MARK-MASQ. */
export const kubeProxyPart = ({ name, chains, hooked, rules }: ChainTable): KubeProxyPart => {
  const own = new Set(chains.filter((chain) => OWN[name]?.test(chain)));
  const keep = (chain: string): void => {
    if (!own.delete(chain)) return;
    for (const rule of rules) if (rule.chain === chain && rule.target !== undefined) keep(rule.target);
  };
  for (const { chain, target } of rules)
    if (target !== undefined && !hooked.has(chain) && !OWN[name]?.test(chain)) keep(target);
  return {
    chains: [...own],
    jumps: rules.filter(({ chain, target }) => hooked.has(chain) && target !== undefined && own.has(target)),
  };
};
