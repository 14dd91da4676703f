// Where the proxy subresource of a pod, a Service or a node leads. Pure; reads objects through `Lookup`.
// Rules and messages: kubernetes pkg/registry/core/{pod/strategy.go,service/storage/storage.go,node/strategy.go} (1.36).
import type { Endpoints, Node, Pod, Service } from '../../../k8s/generated/types.ts';
import { formatAddress, parseAddress } from '../../../ip/address.ts';
import { badRequest, serviceUnavailable } from '../../status-errors.ts';
import { kubeletAddress } from '../kubelet-location.ts';
import { splitSchemeNamePort } from './scheme-name-port.ts';
import type { SchemeNamePort } from './scheme-name-port.ts';

export type ProxyTarget = {
  /** `kubelet`: HTTPS with the API server's own certificate. */
  readonly transport: 'http' | 'https' | 'kubelet';
  /** An IP address. */
  readonly host: string;
  readonly port: number;
};

/** Each throws 404 if there is no such object. */
export type Lookup = {
  readonly pod: (name: string) => Pod;
  readonly service: (name: string) => Service;
  readonly endpoints: (name: string) => Endpoints;
  readonly node: (name: string) => Node;
  /** Of a node that does not tell. */
  readonly kubeletPort: number;
  /** 0 up to, not including, 1. */
  readonly random: () => number;
};

export type Proxied = 'pods' | 'services' | 'nodes';

export const isProxied = (resource: string): resource is Proxied =>
  resource === 'pods' || resource === 'services' || resource === 'nodes';

/** Throws ApiError. */
export const locateProxy = (resource: Proxied, id: string, lookup: Lookup): ProxyTarget => {
  const asked = splitSchemeNamePort(id);
  const kind = resource.slice(0, -1);
  if (!asked) throw badRequest(`invalid ${kind} request ${JSON.stringify(id)}`);
  switch (resource) {
    case 'pods':
      return locatePod(asked, lookup.pod(asked.name));
    case 'services':
      return locateService(asked, lookup);
    case 'nodes':
      return locateNode(asked, lookup);
  }
};

const locatePod = ({ scheme, port }: SchemeNamePort, { spec, status }: Pod): ProxyTarget => {
  const first = (spec?.containers ?? []).flatMap(({ ports = [] }) => ports)[0];
  const host = status?.podIPs?.[0]?.ip ?? '';
  checkAddress(host);
  const number = port === '' ? first?.containerPort : Number(port);
  return target(scheme, host, number);
};

const locateService = (asked: SchemeNamePort, lookup: Lookup): ProxyTarget => {
  const { scheme, name } = asked;
  const portName = /^\d+$/.test(asked.port)
    ? servicePortName(lookup.service(name), Number(asked.port))
    : asked.port;
  const candidates = (lookup.endpoints(name).subsets ?? []).flatMap(({ addresses = [], ports = [] }) => {
    const port = ports.find((each) => (each.name ?? '') === portName)?.port;
    return port === undefined ? [] : addresses.map(({ ip }) => ({ ip, port }));
  });
  const chosen = candidates[Math.floor(lookup.random() * candidates.length)];
  if (!chosen) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  checkAddress(chosen.ip);
  return target(scheme, chosen.ip, chosen.port);
};

const servicePortName = ({ metadata, spec }: Service, port: number): string => {
  const found = spec?.ports?.find((each) => each.port === port);
  if (found) return found.name ?? '';
  throw serviceUnavailable(`no service port ${port} found for service ${JSON.stringify(metadata?.name)}`);
};

const locateNode = ({ scheme, name, port }: SchemeNamePort, lookup: Lookup): ProxyTarget => {
  const kubelet = kubeletAddress(lookup.node(name), lookup.kubeletPort);
  if (port === '' || Number(port) === kubelet.port) return { transport: 'kubelet', ...kubelet };
  checkAddress(kubelet.host);
  return target(scheme, kubelet.host, Number(port));
};

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

const target = (scheme: SchemeNamePort['scheme'], host: string, port: number | undefined): ProxyTarget => {
  const transport = scheme || 'http';
  const number = port ?? DEFAULT_PORTS[transport];
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw serviceUnavailable(`error trying to reach service: dial tcp: address ${number}: invalid port`);
  return { transport, host, port: number };
};

/** Nobody reaches the API server's own loopback or link by way of an object that they may write. */
const checkAddress = (text: string): void => {
  const address = parseAddress(text);
  if (!address || !isGlobalUnicast(formatAddress(address))) throw badRequest('address not allowed');
};

/** As Go's IP.IsGlobalUnicast: neither unspecified, loopback, multicast, link-local nor broadcast. No IPv4 in IPv6's clothes. */
const isGlobalUnicast = (text: string): boolean =>
  !/^(127\.|0\.0\.0\.0$|169\.254\.|22[4-9]\.|23\d\.|255\.255\.255\.255$|::1?$|::ffff:|fe[89ab]|ff)/.test(
    text,
  );
