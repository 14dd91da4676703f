// Worlds for tests of policies, and questions to them, as short texts.
import assert from 'node:assert/strict';
import { formatAddress, parseAddress } from '../../src/ip/address.ts';
import type { NetworkPolicySpec } from '../../src/k8s/generated/types.ts';
import { createEvaluator } from '../../src/policy/model/evaluate.ts';
import type { Connection, Decision } from '../../src/policy/model/evaluate.ts';
import type { ConnectionProtocol } from '../../src/policy/model/match.ts';
import { networkPolicyRules } from '../../src/policy/model/network-policy.ts';
import type { PolicyRules } from '../../src/policy/model/rules.ts';
import { isProtocol, policyNodeOf, policyPodOf } from '../../src/policy/model/world.ts';
import type { NamedPort, World } from '../../src/policy/model/world.ts';

export type WorldText = {
  /** Labels by name: `{ shop: 'team=a' }`. The label with the name is added, as the API server does. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** `{ 'shop/web': 'app=web @node-1 10.1.0.1 fd00::1 http:80 dns:53/UDP' }`; `hostNetwork` and a phase may stand there too. */
  readonly pods: Readonly<Record<string, string>>;
  /** `{ 'node-1': 'zone=a 172.30.0.1' }` */
  readonly nodes?: Readonly<Record<string, string>>;
  readonly domains?: Readonly<Record<string, readonly string[]>>;
};

const PHASES = ['Succeeded', 'Failed', 'Running', 'Pending'];

export const worldOf = (text: WorldText, policies: readonly PolicyRules[] = []): World => ({
  namespaces: new Map(
    Object.entries(text.namespaces).map(([name, words]) => [
      name,
      { 'kubernetes.io/metadata.name': name, ...labelsOf(words.split(' ')) },
    ]),
  ),
  pods: new Map(Object.entries(text.pods).flatMap(([key, words]) => podEntry(key, words.split(' ')))),
  nodes: new Map(
    Object.entries(text.nodes ?? {}).map(([name, text]) => {
      const words = text.split(' ');
      const addresses = words.filter(parseAddress).map((address) => ({ type: 'InternalIP', address }));
      return [name, policyNodeOf({ metadata: { name, labels: labelsOf(words) }, status: { addresses } })];
    }),
  ),
  domains: new Map(Object.entries(text.domains ?? {}).map(([name, addresses]) => [name, new Set(addresses)])),
  policies,
});

const podEntry = (
  key: string,
  words: readonly string[],
): [string, NonNullable<ReturnType<typeof policyPodOf>>][] => {
  const [namespace, name] = key.split('/') as [string, string];
  const nodeName = words.find((word) => word.startsWith('@'))?.slice(1);
  const phase = words.find((word) => PHASES.includes(word)) ?? 'Running';
  const ports = words.filter((word) => /^[a-z-]+:\d/.test(word)).map(portOf);
  const pod = policyPodOf({
    metadata: { namespace, name, labels: labelsOf(words) },
    spec: {
      ...(nodeName && { nodeName }),
      ...(words.includes('hostNetwork') && { hostNetwork: true }),
      containers: [
        { name: 'main', ports: ports.map(({ port, ...rest }) => ({ containerPort: port, ...rest })) },
      ],
    },
    status: { phase, podIPs: words.filter(parseAddress).map((ip) => ({ ip })) },
  });
  return pod ? [[key, pod]] : [];
};

const labelsOf = (words: readonly string[]): Record<string, string> =>
  Object.fromEntries(words.filter((word) => word.includes('=')).map((word) => word.split('=')));

const portOf = (word: string): NamedPort => {
  const [, name, port, protocol = 'TCP'] = /^([a-z-]+):(\d+)(?:\/(\w+))?$/.exec(word)!;
  if (!isProtocol(protocol)) throw new Error(`no protocol: ${word}`);
  return { name: name!, port: Number(port), protocol };
};

/** A NetworkPolicy in its normal form: `policy('shop/p', { podSelector: {} })`. */
export const policy = (key: string, spec: NetworkPolicySpec = {}): PolicyRules => {
  const [namespace = '', name = ''] = key.split('/');
  return networkPolicyRules({ metadata: { namespace, name }, spec });
};

/**
 * The connections of a text such as `shop/web -> shop/db TCP 5432`: an end is a pod's key, a node's name or an address.
 * One for each family that both ends have.
 */
export const connectionsOf = (text: string, { pods, nodes }: World): readonly Connection[] => {
  const [, from, to, protocol, port, service] =
    /^(\S+) -> (\S+) (\w+)(?: (\d+))?( through a Service)?$/.exec(text) ?? [];
  const addressesOf = (end: string): readonly string[] => {
    const found = pods.get(end)?.addresses ?? nodes.get(end)?.addresses;
    if (!found && !parseAddress(end)) throw new Error(`nobody is ${end}`);
    return found ?? [formatAddress(parseAddress(end)!)];
  };
  const pairs = addressesOf(from!).flatMap((source) =>
    addressesOf(to!).map((destination) => [source, destination]),
  );
  return pairs
    .map(
      (pair) => pair.map((address) => parseAddress(address)!) as [Connection['source'], Connection['source']],
    )
    .filter(([source, destination]) => source.family === destination.family)
    .map(([source, destination]) => ({
      source,
      destination,
      protocol: protocol as ConnectionProtocol,
      port: port === undefined ? undefined : Number(port),
      isThroughService: service !== undefined,
    }));
};

/** What the world decides about each connection of the text. */
export const decide = (world: World, text: string): readonly Decision[] => {
  const evaluate = createEvaluator(world);
  return connectionsOf(text, world).map(evaluate);
};

/** Asserts what becomes of connections, one a line that ends in `allowed` or `denied`; it holds for both families. */
export const assertDecisions = (world: World, lines: string): void => {
  for (const line of lines.trim().split(/\n\s*/)) {
    const [, question = '', expected] = /^(.*?)\s+(allowed|denied)$/.exec(line) ?? [];
    const decisions = decide(world, question);
    assert.ok(decisions.length > 0, line);
    for (const { isAllowed } of decisions) assert.equal(isAllowed ? 'allowed' : 'denied', expected, line);
  }
};
