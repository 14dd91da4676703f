// What policies look at: who has which address, and which labels and named ports belong to it.
import { formatAddress } from '../../ip/address.ts';
import { parseSloppyAddress } from '../../ip/sloppy.ts';
import type { Container, Node, Pod } from '../../k8s/generated/types.ts';
import type { Labels } from '../../k8s/labels.ts';
import { isPodFinished, sidecarsOf } from '../../k8s/pod-state.ts';
import type { PolicyRules } from './rules.ts';

/** The protocols that have ports a policy can name. */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';

export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

export type NamedPort = { readonly name: string; readonly protocol: Protocol; readonly port: number };

/** A pod with addresses of its own that has not finished: the only pods there are for a policy. */
export type PolicyPod = {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** Undefined until it is scheduled. */
  readonly node: string | undefined;
  /** Canonical texts of both families; none before its sandbox is there. */
  readonly addresses: readonly string[];
  /** The container ports that have a name, in the order of the containers. */
  readonly namedPorts: readonly NamedPort[];
};

export type PolicyNode = {
  readonly name: string;
  readonly labels: Labels;
  /** Canonical texts of `status.addresses`, names left out. */
  readonly addresses: readonly string[];
};

/** Everything that decides about a connection, as data. */
export type World = {
  /** The labels of each namespace by its name. */
  readonly namespaces: ReadonlyMap<string, Labels>;
  /** By `namespace/name`. */
  readonly pods: ReadonlyMap<string, PolicyPod>;
  readonly nodes: ReadonlyMap<string, PolicyNode>;
  /** The addresses, as canonical texts, that DNS has given for each name of a `domains` peer, wildcards included. */
  readonly domains: ReadonlyMap<string, ReadonlySet<string>>;
  readonly policies: readonly PolicyRules[];
};

/**
 * The pod as policies see it; undefined for one that is nobody to them: finished (its addresses may be another's by
 * now), or in the node's network (its addresses are the node's).
 */
export const policyPodOf = (pod: Pod): PolicyPod | undefined => {
  const { metadata, spec, status } = pod;
  if (spec?.hostNetwork || isPodFinished(pod)) return undefined;
  const containers = [...(spec?.containers ?? []), ...sidecarsOf(spec)];
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    labels: metadata?.labels ?? {},
    node: spec?.nodeName || undefined,
    addresses: addressTexts((status?.podIPs ?? []).map(({ ip }) => ip)),
    namedPorts: containers.flatMap(namedPortsOf),
  };
};

export const policyNodeOf = ({ metadata, status }: Node): PolicyNode => ({
  name: metadata?.name ?? '',
  labels: metadata?.labels ?? {},
  addresses: addressTexts((status?.addresses ?? []).map(({ address }) => address)),
});

/** Whether the name is a protocol that has ports a policy can name. */
export const isProtocol = (name: string): name is Protocol => (PROTOCOLS as readonly string[]).includes(name);

const namedPortsOf = ({ ports = [] }: Container): readonly NamedPort[] =>
  ports.flatMap(({ name, protocol = 'TCP', containerPort: port }) =>
    name && isProtocol(protocol) ? [{ name, protocol, port }] : [],
  );

/** Canonical, each once; what is no address is left out. */
const addressTexts = (texts: readonly string[]): readonly string[] => [
  ...new Set(texts.flatMap((text) => parseSloppyAddress(text) ?? []).map(formatAddress)),
];
