// One Service's records, by Kubernetes' DNS specification 1.1.0.
// https://github.com/kubernetes/dns/blob/master/docs/specification.md
import { addressToBytes, parseAddress } from '../ip/address.ts';
import { TYPE } from '../wire/dns/constants.ts';
import type { RecordData } from '../wire/dns/message.ts';
import { reverseName } from './reverse-name.ts';
import type { DnsService, HeadlessEndpoint, NamedPort } from './select.ts';
import { nameOnly } from './state.ts';
import type { ZoneRecord } from './state.ts';

export const compileService = (service: DnsService, domain: string): readonly ZoneRecord[] => {
  const name = `${service.name}.${service.namespace}.svc.${domain}`;
  switch (service.kind) {
    case 'cluster-ip':
      return [
        ...service.ips.flatMap((ip) => [addressRecord(name, ip), pointerRecord(ip, name)]),
        ...service.ports.map((port) => srvRecord(name, port, name, 1)),
      ];
    case 'headless':
      return headlessRecords(name, service.endpoints);
    case 'external-name':
      return [{ name, type: TYPE.CNAME, data: { kind: 'name', name: service.target } }];
  }
};

/** Without a ready endpoint there is nothing, and the name does not exist. */
const headlessRecords = (name: string, endpoints: readonly HeadlessEndpoint[]): readonly ZoneRecord[] => {
  const targets = new Map<string, ZoneRecord>();
  const records = endpoints.flatMap(({ label, address, ports }) => {
    const host = `${label}.${name}`;
    for (const port of ports) {
      const srv = srvRecord(name, port, host, endpoints.length);
      targets.set(`${srv.name} ${port.port} ${host}`, srv); // both families of a pod are one target
    }
    return [addressRecord(name, address), addressRecord(host, address), pointerRecord(address, host)];
  });
  return [...records, ...targets.values()];
};

/** A namespace exists as a name, so that a Service which is not there is NXDOMAIN and the namespace is not. */
export const compileNamespace = (namespace: string, domain: string): readonly ZoneRecord[] => [
  nameOnly(`${namespace}.svc.${domain}`),
  nameOnly(`${namespace}.pod.${domain}`),
];

/** What the zone has of itself. `addresses`: where this server answers. */
export const compileApex = (domain: string, addresses: readonly string[]): readonly ZoneRecord[] => {
  const server = `ns.dns.${domain}`;
  return [
    nameOnly(`svc.${domain}`),
    nameOnly(`pod.${domain}`),
    { name: domain, type: TYPE.NS, data: { kind: 'name', name: server } },
    ...addresses.map((address) => addressRecord(server, address)),
    {
      name: `dns-version.${domain}`,
      type: TYPE.TXT,
      data: { kind: 'txt', texts: [Buffer.from('1.1.0')] },
    },
  ];
};

/** Only at the apex, and in the authority section of every answer that says no. */
export const startOfAuthority = (domain: string, serial: number, ttlSeconds: number): RecordData => ({
  kind: 'soa',
  mname: `ns.dns.${domain}`,
  rname: `hostmaster.${domain}`,
  serial,
  refreshSeconds: 7200,
  retrySeconds: 1800,
  expireSeconds: 86_400,
  minimumSeconds: ttlSeconds,
});

export const addressRecord = (name: string, ip: string): ZoneRecord => {
  const address = parseAddress(ip)!;
  return {
    name,
    type: address.family === 4 ? TYPE.A : TYPE.AAAA,
    data: { kind: 'address', bytes: addressToBytes(address) },
  };
};

const pointerRecord = (ip: string, name: string): ZoneRecord => ({
  name: reverseName(parseAddress(ip)!),
  type: TYPE.PTR,
  data: { kind: 'name', name },
});

const srvRecord = (
  service: string,
  { name, protocol, port }: NamedPort,
  target: string,
  count: number,
): ZoneRecord => ({
  name: `_${name}._${protocol.toLowerCase()}.${service}`,
  type: TYPE.SRV,
  data: { kind: 'srv', priority: 0, weight: Math.max(1, Math.floor(100 / count)), port, target },
});
