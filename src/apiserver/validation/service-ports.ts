// Rules for the ports of Services.
import { duplicate, forbidden, required } from '../../k8s/field-errors.ts';
import type { ServicePort, ServiceSpec } from '../../k8s/generated/types.ts';
import { type FieldErrors, each, ifSet, repeatedIndexes, when } from './compose.ts';
import { PROTOCOLS, oneOf, portNumber } from './scalars.ts';
import { isHeadlessSpec } from './service-ips.ts';
import { portNumberOrName, qualified, requiredDnsLabel } from './texts.ts';

export const servicePorts = (spec: ServiceSpec, path: string): FieldErrors => {
  const { ports = [], type } = spec;
  const mayHaveNone = isHeadlessSpec(spec) || type === 'ExternalName';
  return [
    ...when(ports.length === 0 && !mayHaveNone, () => required(path)),
    ...each(ports, path, (port, at) => servicePort(port, ports.length > 1, at)),
    ...repeatedNames(ports, path),
    ...each(ports, path, ({ nodePort }, at) =>
      when(type === 'ClusterIP' && !!nodePort, () =>
        forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"),
      ),
    ),
    ...repeatedNumbers(ports, path),
  ];
};

const servicePort = (port: ServicePort, needsName: boolean, path: string): FieldErrors => [
  ...(needsName || port.name ? requiredDnsLabel(port.name, `${path}.name`) : []),
  ...portNumber(port.port, `${path}.port`),
  ...oneOf(port.protocol, PROTOCOLS, `${path}.protocol`),
  ...portNumberOrName(port.targetPort, `${path}.targetPort`),
  ...ifSet(port.appProtocol, (protocol) => qualified(protocol, `${path}.appProtocol`)),
];

const repeatedNames = (ports: readonly ServicePort[], path: string): FieldErrors =>
  repeatedIndexes(ports, ({ name }) => name ?? '')
    .filter((index) => ports[index]!.name)
    .map((index) => duplicate(`${path}[${index}].name`, ports[index]!.name));

/** The same number may stand twice with different protocols. */
const repeatedNumbers = (ports: readonly ServicePort[], path: string): FieldErrors => [
  ...repeatedIndexes(ports, ({ protocol, nodePort }) => `${protocol} ${nodePort}`)
    .filter((index) => ports[index]!.nodePort)
    .map((index) => duplicate(`${path}[${index}].nodePort`, ports[index]!.nodePort)),
  ...repeatedIndexes(ports, ({ protocol, port }) => `${protocol} ${port}`).map((index) =>
    duplicate(`${path}[${index}]`, goServicePort(ports[index]!)),
  ),
];

/** The message has Go's whole structure, of which only these two fields are set. */
const goServicePort = ({ protocol, port }: ServicePort): object => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});
