// Rules for NetworkPolicies (kubernetes pkg/apis/networking/validation/validation.go).
import { forbidden, invalid, notSupported, required } from '../../../k8s/field-errors.ts';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../../k8s/generated/types.ts';
import { prefixContains, prefixOf } from '../../../ip/prefix.ts';
import { parseSloppyPrefix } from '../../../ip/sloppy.ts';
import { type AddressRule, ipPrefix, unlessKnown } from '../addresses.ts';
import { type FieldErrors, each, ifSet, when } from '../compose.ts';
import { labelSelector } from '../labels.ts';
import { portNumber } from '../scalars.ts';
import { portName } from '../texts.ts';

const TYPES = ['Ingress', 'Egress'];

export const validateNetworkPolicy = (
  { spec }: NetworkPolicy,
  _context: unknown,
  before?: NetworkPolicy,
): FieldErrors => {
  const peer = peerRule(before?.spec);
  return ifSet(spec, (value) => [
    ...labelSelector(value.podSelector, 'spec.podSelector'),
    ...each(value.ingress, 'spec.ingress', ({ ports, from }, at) => [
      ...each(ports, `${at}.ports`, policyPort),
      ...each(from, `${at}.from`, peer),
    ]),
    ...each(value.egress, 'spec.egress', ({ ports, to }, at) => [
      ...each(ports, `${at}.ports`, policyPort),
      ...each(to, `${at}.to`, peer),
    ]),
    ...policyTypes(value.policyTypes ?? []),
  ]);
};

const policyTypes = (types: readonly string[]): FieldErrors => {
  if (types.length > TYPES.length)
    return [invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  return each(types, 'spec.policyTypes', (type, at) =>
    when(!TYPES.includes(type), () => notSupported(at, type, TYPES)),
  );
};

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

const policyPort = ({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldErrors => {
  const last = ifSet(endPort, (value) => lastPort(value, port, `${path}.endPort`));
  return [
    ...when(protocol !== undefined && !PROTOCOLS.includes(protocol), () =>
      notSupported(`${path}.protocol`, protocol, PROTOCOLS),
    ),
    ...(typeof port === 'string'
      ? [...last, ...portName(port, `${path}.port`)]
      : [...ifSet(port, (value) => portNumber(value, `${path}.port`)), ...last]),
  ];
};

const lastPort = (last: number, port: NetworkPolicyPort['port'], path: string): FieldErrors => {
  if (port === undefined) return [invalid(path, last, 'may not be specified when `port` is not specified')];
  if (typeof port === 'string')
    return [invalid(path, last, 'may not be specified when `port` is non-numeric')];
  return [
    ...when(last < port, () => invalid(path, port, 'must be greater than or equal to `port`')),
    ...portNumber(last, path),
  ];
};

type PeerRule = (peer: NetworkPolicyPeer, path: string) => FieldErrors;

/** Blocks that are stored already may be in a notation that is refused in new ones. */
const peerRule = (before: NetworkPolicySpec | undefined): PeerRule => {
  const known = [
    ...(before?.ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(before?.egress ?? []).flatMap(({ to }) => to ?? []),
  ].flatMap(({ ipBlock }) => (ipBlock ? [ipBlock.cidr, ...(ipBlock.except ?? [])] : []));
  const rule = unlessKnown(known, ipPrefix);
  return ({ podSelector, namespaceSelector, ipBlock }, path) => {
    const hasSelector = podSelector !== undefined || namespaceSelector !== undefined;
    return [
      ...labelSelector(podSelector, `${path}.podSelector`),
      ...labelSelector(namespaceSelector, `${path}.namespaceSelector`),
      ...ifSet(ipBlock, (block) => blockRule(block, rule, `${path}.ipBlock`)),
      ...when(!hasSelector && !ipBlock, () => required(path, 'must specify a peer')),
      ...when(hasSelector && !!ipBlock, () =>
        forbidden(path, 'may not specify both ipBlock and another peer'),
      ),
    ];
  };
};

const blockRule = ({ cidr, except }: IPBlock, rule: AddressRule, path: string): FieldErrors => {
  if (!cidr) return [required(`${path}.cidr`)];
  const outer = parseSloppyPrefix(cidr);
  return [
    ...rule(cidr, `${path}.cidr`),
    ...(outer
      ? each(except, `${path}.except`, (text, at) => {
          const inner = parseSloppyPrefix(text);
          const fits =
            !inner ||
            (inner.length > outer.length &&
              prefixContains(prefixOf(outer.address, outer.length), inner.address));
          return [
            ...rule(text, at),
            ...when(!fits, () => invalid(at, text, 'must be a strict subset of `cidr`')),
          ];
        })
      : []),
  ];
};
