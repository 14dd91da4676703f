// The words of `podnet explain`: [KIND/][NAMESPACE/]NAME or an address, for the target with [:PORT][/PROTOCOL] behind.
import { parseAddress } from '../../ip/address.ts';
import type { Address } from '../../ip/address.ts';
import type { ConnectionProtocol } from '../../policy/model/match.ts';
import { UserError } from '../output.ts';

/** A workload stands for any of its pods. */
type NamedKind = 'pod' | 'workload' | 'service' | 'node';

export type End =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: NamedKind; readonly namespace: string; readonly name: string };

export type Target = {
  readonly end: End;
  /** A number or a name; undefined for each that the end has. */
  readonly port: string | undefined;
  readonly protocol: ConnectionProtocol | undefined;
};

/** kubectl's names of the kinds. */
const KINDS: Readonly<Record<string, NamedKind>> = {
  pod: 'pod',
  pods: 'pod',
  po: 'pod',
  deployment: 'workload',
  deployments: 'workload',
  deploy: 'workload',
  statefulset: 'workload',
  statefulsets: 'workload',
  sts: 'workload',
  daemonset: 'workload',
  daemonsets: 'workload',
  ds: 'workload',
  service: 'service',
  services: 'service',
  svc: 'service',
  node: 'node',
  nodes: 'node',
  no: 'node',
};

const PROTOCOLS: Readonly<Record<string, ConnectionProtocol>> = {
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  icmp: 'ICMP',
};

/** Throws UserError. */
export const parseEnd = (text: string, namespace: string): End => {
  const address = parseAddress(withoutBrackets(text));
  if (address) return { kind: 'address', address };
  const [first = '', ...rest] = text.split('/');
  const kind = Object.hasOwn(KINDS, first) && rest.length > 0 ? KINDS[first] : undefined;
  const names = kind ? rest : [first, ...rest];
  const [name = '', space = namespace] = names.toReversed();
  if (names.length > 2 || names.some((each) => !/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(each)))
    throw new UserError(`"${text}" is neither an address nor [pod/|deploy/|svc/|node/][NAMESPACE/]NAME`);
  return { kind: kind ?? 'pod', namespace: space, name };
};

/** Throws UserError. */
export const parseTarget = (text: string, namespace: string): Target => {
  const slash = text.lastIndexOf('/');
  const word = text.slice(slash + 1).toLowerCase();
  const protocol = slash > 0 && Object.hasOwn(PROTOCOLS, word) ? PROTOCOLS[word] : undefined;
  const rest = protocol ? text.slice(0, slash) : text;
  const [, host = rest, port] = parseAddress(rest) ? [] : (/^(.*):([^:\]]*)$/.exec(rest) ?? []);
  if (port !== undefined) checkPort(port, protocol);
  return { end: parseEnd(host, namespace), port, protocol };
};

const checkPort = (port: string, protocol: ConnectionProtocol | undefined): void => {
  if (protocol === 'ICMP') throw new UserError('ICMP has no ports');
  const isNumber = /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
  if (!isNumber && !/^(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(port))
    throw new UserError(`"${port}" is neither a port, 1 to 65535, nor the name of one`);
};

const withoutBrackets = (text: string): string => /^\[(.*)\]$/.exec(text)?.[1] ?? text;
