// networking.k8s.io/v1 NetworkPolicy -> the normal form.
import type { Prefix } from '../../ip/prefix.ts';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../k8s/generated/types.ts';
import { isPortNumber, prefixAt, selectorAt } from './reading.ts';
import type { Report } from './reading.ts';
import type { Direction, Peer, PolicyRules, PortMatch, Rule } from './rules.ts';
import { EVERYTHING } from './selector.ts';
import { isProtocol } from './world.ts';

/** Never throws: what cannot be understood allows nothing and is told in `problems`. */
export const networkPolicyRules = ({ metadata, spec = {} }: NetworkPolicy): PolicyRules => {
  const { namespace = '', name = '' } = metadata ?? {};
  const problems: string[] = [];
  const reading: Reading = { namespace, report: (path, what) => void problems.push(`${path}: ${what}`) };
  const pods = selectorAt(spec.podSelector ?? {}, 'spec.podSelector', reading.report);
  const types = directionsOf(spec, reading);
  const rules = (direction: Direction): readonly Rule[] | undefined => {
    if (!types?.includes(direction)) return types ? undefined : [];
    return pods ? rulesOf(spec, direction, reading) : [];
  };
  return {
    key: { kind: 'NetworkPolicy', namespace, name },
    tier: 'NetworkPolicy',
    priority: 0,
    // Whom a selector that cannot be understood means, nobody knows: the whole namespace is closed.
    subject: { namespaces: { kind: 'name', name: namespace }, pods: pods ?? EVERYTHING },
    ingress: rules('ingress'),
    egress: rules('egress'),
    problems,
  };
};

type Reading = {
  readonly namespace: string;
  readonly report: Report;
};

/** Undefined if a type is unknown: then both directions are closed. */
const directionsOf = (
  { policyTypes = [], egress = [] }: NetworkPolicySpec,
  { report }: Reading,
): readonly Direction[] | undefined => {
  if (policyTypes.length === 0) return egress.length > 0 ? ['ingress', 'egress'] : ['ingress'];
  const unknown = policyTypes.filter((type) => type !== 'Ingress' && type !== 'Egress');
  if (unknown.length > 0) {
    report('spec.policyTypes', `unknown type ${JSON.stringify(unknown[0])}`);
    return undefined;
  }
  return policyTypes.map((type) => (type === 'Ingress' ? 'ingress' : 'egress'));
};

const rulesOf = (spec: NetworkPolicySpec, direction: Direction, reading: Reading): readonly Rule[] => {
  const lists =
    direction === 'ingress'
      ? (spec.ingress ?? []).map(({ from = [], ports = [] }) => ({ field: 'from', peers: from, ports }))
      : (spec.egress ?? []).map(({ to = [], ports = [] }) => ({ field: 'to', peers: to, ports }));
  return lists.map(({ field, peers, ports }, index) => {
    const path = `spec.${direction}[${index}]`;
    return {
      index,
      action: 'Accept',
      peers: anyOr(peers, (peer, at) => peerOf(peer, `${path}.${field}[${at}]`, reading)),
      ports: anyOr(ports, (port, at) => portOf(port, `${path}.ports[${at}]`, reading)),
    };
  });
};

/** An absent or empty list means anything; one of which nothing could be understood means nothing. */
const anyOr = <From, To>(
  list: readonly From[],
  read: (item: From, index: number) => To | undefined,
): readonly To[] | 'any' =>
  list.length === 0 ? 'any' : list.map(read).filter((item): item is To & {} => item !== undefined);

const peerOf = (
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  path: string,
  reading: Reading,
): Peer | undefined => {
  const hasSelector = Boolean(podSelector ?? namespaceSelector);
  if (ipBlock && !hasSelector) return networkOf(ipBlock, `${path}.ipBlock`, reading);
  if (ipBlock || !hasSelector) {
    reading.report(path, ipBlock ? 'has both an ipBlock and a selector' : 'has no peer that is known');
    return undefined;
  }
  const pods = podSelector ? selectorAt(podSelector, `${path}.podSelector`, reading.report) : EVERYTHING;
  if (!namespaceSelector)
    return pods && { kind: 'pods', namespaces: { kind: 'name', name: reading.namespace }, pods };
  const selector = selectorAt(namespaceSelector, `${path}.namespaceSelector`, reading.report);
  return pods && selector && { kind: 'pods', namespaces: { kind: 'labels', selector }, pods };
};

const networkOf = ({ cidr, except = [] }: IPBlock, path: string, { report }: Reading): Peer | undefined => {
  const outer = prefixAt(cidr);
  const inner = except.map(prefixAt);
  const bad = outer ? inner.indexOf(undefined) : undefined;
  if (!outer) report(`${path}.cidr`, `${JSON.stringify(cidr)} is no CIDR`);
  else if (bad! >= 0) report(`${path}.except[${bad}]`, `${JSON.stringify(except[bad!])} is no CIDR`);
  else return { kind: 'network', cidr: outer, except: inner as readonly Prefix[] };
  return undefined;
};

const portOf = (
  { protocol = 'TCP', port, endPort }: NetworkPolicyPort,
  path: string,
  { report }: Reading,
): PortMatch | undefined => {
  if (!isProtocol(protocol)) return report(`${path}.protocol`, `unknown ${JSON.stringify(protocol)}`);
  if (endPort !== undefined && typeof port !== 'number')
    return report(`${path}.endPort`, 'needs a port that is a number');
  if (port === undefined) return { kind: 'protocol', protocol };
  if (typeof port === 'string') return { kind: 'named', name: port, protocol };
  const last = endPort ?? port;
  if (isPortNumber(port) && isPortNumber(last) && port <= last)
    return { kind: 'port', protocol, from: port, to: last };
  return report(path, `${port === last ? port : `${port}-${last}`} are no ports`);
};
