// policy.networking.k8s.io ClusterNetworkPolicy -> the normal form. The definition is the user's, and may be newer than
// this file: what cannot be understood fails closed, as the API wants it. A rule with an unknown peer or protocol matches
// nothing if it accepts, and is a Deny of everything if it denies or passes; a policy of which it is not clear to whom or
// when it applies denies what it denies to every pod, and accepts and passes nothing.
import type {
  ClusterNetworkPolicy,
  ClusterNetworkPolicyEgressRule,
  ClusterNetworkPolicyIngressRule,
  ClusterNetworkPolicyPeer,
  ClusterNetworkPolicyPort,
  ClusterNetworkPolicyProtocol,
  ClusterNetworkPolicySpec,
  ClusterNetworkPolicySubject,
} from '../../k8s/cluster-network-policy.ts';
import { isPortNumber, prefixAt, selectorAt } from './reading.ts';
import type { Report } from './reading.ts';
import type { Action, Direction, Peer, PodSelection, PolicyRules, PortMatch, Rule, Tier } from './rules.ts';
import { EVERYTHING } from './selector.ts';

/** Never throws. `problems` says what could not be understood. */
export const clusterNetworkPolicyRules = ({ metadata, spec }: ClusterNetworkPolicy): PolicyRules => {
  const key = { kind: 'ClusterNetworkPolicy', name: metadata?.name ?? '' } as const;
  const problems: string[] = [];
  const report: Report = (path, what) => void problems.push(`${path}: ${what}`);
  return { key, ...attempt('spec', report, NOTHING, () => specRules(spec!, report)), problems };
};

/** A definition of somebody else's under this name may let anything in, also what is not of the right type. */
const attempt = <T>(path: string, report: Report, otherwise: T, read: () => T): T => {
  try {
    return read();
  } catch (error) {
    report(path, `cannot be read: ${(error as Error).message}`);
    return otherwise;
  }
};

type SpecRules = Omit<PolicyRules, 'key' | 'problems'>;

const EVERY_POD: PodSelection = { namespaces: { kind: 'labels', selector: EVERYTHING }, pods: EVERYTHING };

const NOTHING: SpecRules = { tier: 'Admin', priority: 0, subject: EVERY_POD };

const specRules = (spec: ClusterNetworkPolicySpec, report: Report): SpecRules => {
  const path = 'spec.subject';
  const subject = attempt(path, report, undefined, () => selectionOf(spec.subject, path, report));
  const tier = TIERS.find((each) => each === spec.tier);
  if (!tier) report('spec.tier', `unknown tier ${JSON.stringify(spec.tier)}`);
  const hasPriority = Number.isInteger(spec.priority);
  if (!hasPriority) report('spec.priority', `${JSON.stringify(spec.priority)} is no priority`);
  const ingress = spec.ingress?.map((rule, at) => ruleOf(rule, at, 'ingress', report)) ?? [];
  const egress = spec.egress?.map((rule, at) => ruleOf(rule, at, 'egress', report)) ?? [];
  if (subject && tier && hasPriority)
    return { tier, priority: spec.priority, subject, ingress: orNone(ingress), egress: orNone(egress) };
  const denials = (rules: readonly Rule[]): readonly Rule[] | undefined =>
    orNone(rules.filter(({ action }) => action === 'Deny'));
  return { ...NOTHING, ingress: denials(ingress), egress: denials(egress) };
};

const TIERS: readonly Tier[] = ['Admin', 'Baseline'];
const ACTIONS: readonly Action[] = ['Accept', 'Deny', 'Pass'];

/** Without rules a policy does not concern the direction. */
const orNone = (rules: readonly Rule[]): readonly Rule[] | undefined =>
  rules.length > 0 ? rules : undefined;

const ruleOf = (
  rule: ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule,
  index: number,
  direction: Direction,
  report: Report,
): Rule => {
  const path = `spec.${direction}[${index}]`;
  let isUnderstood = true;
  const action = ACTIONS.find((each) => each === rule.action) ?? 'Deny';
  if (action !== rule.action) report(`${path}.action`, `unknown action ${JSON.stringify(rule.action)}`);
  const reading: Reading = {
    direction,
    action,
    report: (at, what) => {
      isUnderstood = false;
      report(at, what);
    },
  };
  const matches = attempt(path, reading.report, NOBODY, () => matchesOf(rule, path, reading));
  const known = { index, name: rule.name || undefined };
  if (isUnderstood) return { ...known, action, ...matches };
  return action === 'Accept'
    ? { ...known, action, ...NOBODY }
    : { ...known, action: 'Deny', peers: 'any', ports: 'any' };
};

type Reading = { readonly direction: Direction; readonly action: Action; readonly report: Report };

type Matches = Pick<Rule, 'peers' | 'ports'>;

const NOBODY: Matches = { peers: [], ports: 'any' };

const matchesOf = (
  rule: ClusterNetworkPolicyIngressRule | ClusterNetworkPolicyEgressRule,
  path: string,
  reading: Reading,
): Matches => {
  const [field, list] = 'to' in rule ? (['to', rule.to] as const) : (['from', rule.from] as const);
  const { protocols } = rule;
  const hasNamedPorts = protocols?.some((protocol) => 'destinationNamedPort' in protocol);
  return {
    peers: list.flatMap((peer, at) => {
      const place = `${path}.${field}[${at}]`;
      if (hasNamedPorts && !('namespaces' in peer) && !('pods' in peer))
        reading.report(place, 'only pods have named ports');
      return peersOf(peer, place, reading);
    }),
    ports:
      protocols?.flatMap((each, at) => portOf(each, `${path}.protocols[${at}]`, reading.report) ?? []) ??
      'any',
  };
};

const PEERS = {
  ingress: ['namespaces', 'pods'],
  egress: ['namespaces', 'pods', 'networks', 'nodes', 'domainNames'],
} as const;

/** Several for a list of networks. */
const peersOf = (peer: ClusterNetworkPolicyPeer, path: string, reading: Reading): readonly Peer[] => {
  const { direction, action, report } = reading;
  const field = onlyField(peer, PEERS[direction]);
  if (!field) {
    report(path, 'has not exactly one peer that is known');
    return [];
  }
  if (field === 'namespaces' || field === 'pods') {
    const selection = selectionOf(peer, path, report);
    return selection ? [{ kind: 'pods', ...selection }] : [];
  }
  if (field === 'domainNames' && action !== 'Accept')
    report(`${path}.domainNames`, 'only a rule that accepts can have them');
  return outsideOf(field, peer, { path: `${path}.${field}`, report });
};

type At = { readonly path: string; readonly report: Report };

const outsideOf = (
  field: 'networks' | 'nodes' | 'domainNames',
  { networks = [], nodes = {}, domainNames = [] }: ClusterNetworkPolicyPeer,
  { path, report }: At,
): readonly Peer[] => {
  switch (field) {
    case 'networks':
      return networks.flatMap((text, at): readonly Peer[] => {
        const cidr = prefixAt(text);
        if (!cidr) report(`${path}[${at}]`, `${JSON.stringify(text)} is no CIDR`);
        return cidr ? [{ kind: 'network', cidr, except: [] }] : [];
      });
    case 'nodes': {
      const selector = selectorAt(nodes, path, report);
      return selector ? [{ kind: 'nodes', selector }] : [];
    }
    case 'domainNames':
      for (const [at, name] of domainNames.entries())
        if (!DOMAIN_NAME.test(name)) report(`${path}[${at}]`, `${JSON.stringify(name)} is no domain name`);
      return [{ kind: 'domains', names: domainNames.map(canonicalName) }];
  }
};

/** As the definition has it. */
const DOMAIN_NAME =
  /^(\*\.)?([a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$/;

const canonicalName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** Of a subject, or of a peer. */
const selectionOf = (
  selection: ClusterNetworkPolicySubject,
  path: string,
  report: Report,
): PodSelection | undefined => {
  const field = onlyField(selection, PEERS.ingress);
  if (!field) {
    report(path, 'has not exactly one selection that is known');
    return undefined;
  }
  const { namespaces, pods } = selection;
  const [namespacesPath, ofNamespaces] = pods
    ? [`${path}.pods.namespaceSelector`, pods.namespaceSelector ?? {}]
    : [`${path}.namespaces`, namespaces!];
  const selector = selectorAt(ofNamespaces, namespacesPath, report);
  const selected = pods ? selectorAt(pods.podSelector, `${path}.pods.podSelector`, report) : EVERYTHING;
  return selector && selected && { namespaces: { kind: 'labels', selector }, pods: selected };
};

const PROTOCOLS = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' } as const;

const portOf = (
  protocol: ClusterNetworkPolicyProtocol,
  path: string,
  report: Report,
): PortMatch | undefined => {
  const field = onlyField(protocol, ['tcp', 'udp', 'sctp', 'destinationNamedPort']);
  if (!field) return report(path, 'has not exactly one protocol that is known');
  if (field === 'destinationNamedPort')
    return { kind: 'named', name: protocol.destinationNamedPort!, protocol: undefined };
  const { destinationPort, ...unknown } = protocol[field]!;
  const range = destinationPort && Object.keys(unknown).length === 0 ? rangeOf(destinationPort) : undefined;
  if (!range) return report(`${path}.${field}`, 'has no ports that are known');
  return { kind: 'port', protocol: PROTOCOLS[field], ...range };
};

const rangeOf = (
  port: ClusterNetworkPolicyPort,
): { readonly from: number; readonly to: number } | undefined => {
  const field = onlyField(port, ['number', 'range']);
  if (!field) return undefined;
  const { start, end } = port.range ?? { start: port.number!, end: port.number! };
  return isPortNumber(start) && isPortNumber(end) && start <= end ? { from: start, to: end } : undefined;
};

/** The one field of an object of which exactly one has to be set; undefined if it is not known, or not the only one. */
const onlyField = <Field extends string>(
  object: Readonly<Partial<Record<Field, unknown>>>,
  known: readonly Field[],
): Field | undefined => {
  const [field, ...others] = Object.keys(object);
  return others.length === 0 ? known.find((each) => each === field) : undefined;
};
