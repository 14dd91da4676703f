// Where the kubelet of a pod's node answers for one of its containers. Pure.
// Rules and messages: kubernetes pkg/registry/core/pod/strategy.go (1.36).
import type { Node, Pod } from '../../k8s/generated/types.ts';
import { badRequest } from '../status-errors.ts';
import type { UpstreamLocation } from './upstream.ts';

/** The container that a request means; throws 400 when it names none and there are several, or one that is not there. */
export const containerOf = (pod: Pod, requested: string | null): string => {
  const name = pod.metadata?.name ?? '';
  const containers = namesOf(pod.spec?.containers);
  const all = [
    ...namesOf(pod.spec?.initContainers),
    ...containers,
    ...namesOf(pod.spec?.ephemeralContainers),
  ];
  if (requested) {
    if (all.includes(requested)) return requested;
    throw badRequest(`container ${requested} is not valid for pod ${name}`);
  }
  if (containers.length === 1) return containers[0]!;
  const choices = containers.length > 0 ? `, choose one of: [${all.join(' ')}]` : '';
  throw badRequest(`a container name must be specified for pod ${name}${choices}`);
};

const namesOf = (containers: readonly { readonly name: string }[] | undefined): readonly string[] =>
  (containers ?? []).map(({ name }) => name);

/** The kubelet's address; throws 400 if the node does not tell any. `defaultPort`: for a node that names no port. */
export const kubeletAddress = (node: Node, defaultPort: number): Pick<UpstreamLocation, 'host' | 'port'> => {
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  if (!host)
    throw badRequest(`no preferred addresses found; known addresses: [] of node ${node.metadata?.name}`);
  return { host, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? defaultPort };
};

const LOG_PARAMETERS = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
];

export const logPath = (pod: Pod, container: string, query: URLSearchParams): string =>
  `/containerLogs/${podPath(pod)}/${encodeURIComponent(container)}${queryText(pick(query, LOG_PARAMETERS))}`;

/** exec and attach: the kubelet's own names for the streams. */
export const streamPath = (
  what: 'exec' | 'attach',
  pod: Pod,
  container: string,
  query: URLSearchParams,
): string => {
  const parameters: [string, string][] = query.getAll('command').map((word) => ['command', word]);
  for (const [name, kubeletName] of STREAMS) if (isTrue(query.get(name))) parameters.push([kubeletName, '1']);
  return `/${what}/${podPath(pod)}/${encodeURIComponent(container)}${queryText(parameters)}`;
};

export const portForwardPath = (pod: Pod, query: URLSearchParams): string =>
  `/portForward/${podPath(pod)}${queryText(pick(query, ['ports']).map(([, port]) => ['port', port]))}`;

const STREAMS = [
  ['stdin', 'input'],
  ['stdout', 'output'],
  ['stderr', 'error'],
  ['tty', 'tty'],
] as const;

const podPath = ({ metadata }: Pod): string =>
  `${encodeURIComponent(metadata?.namespace ?? '')}/${encodeURIComponent(metadata?.name ?? '')}`;

const pick = (query: URLSearchParams, names: readonly string[]): [string, string][] =>
  [...query].filter(([name]) => names.includes(name));

const queryText = (parameters: [string, string][]): string =>
  parameters.length === 0 ? '' : `?${new URLSearchParams(parameters)}`;

const isTrue = (text: string | null): boolean => text === 'true' || text === '1';
