// Rules for the ports of containers.
import { duplicate, invalid, required } from '../../k8s/field-errors.ts';
import type { Container, ContainerPort } from '../../k8s/generated/types.ts';
import { type FieldErrors, each, ifText } from './compose.ts';
import { PROTOCOLS, oneOf, portNumber } from './scalars.ts';
import { portNameFindings } from './texts.ts';
import { ipAddress } from './addresses.ts';

export const containerPorts = (ports: readonly ContainerPort[] | undefined, path: string): FieldErrors => {
  const names = new Set<string>();
  return each(ports, path, (port, at) => [
    ...ifText(port.name, (name) => portNameErrors(name, names, `${at}.name`)),
    ...(port.containerPort
      ? portNumber(port.containerPort, `${at}.containerPort`)
      : [required(`${at}.containerPort`)]),
    ...(port.hostPort ? portNumber(port.hostPort, `${at}.hostPort`) : []),
    ...oneOf(port.protocol, PROTOCOLS, `${at}.protocol`),
    ...ifText(port.hostIP, (ip) => ipAddress(ip, `${at}.hostIP`)),
  ]);
};

const portNameErrors = (name: string, names: Set<string>, path: string): FieldErrors => {
  const findings = portNameFindings(name);
  if (findings.length > 0) return findings.map((finding) => invalid(path, name, finding));
  if (names.has(name)) return [duplicate(path, name)];
  names.add(name);
  return [];
};

/** No two containers that run together want the same port of the host. */
export const hostPortConflicts = (containers: readonly Container[], path: string): FieldErrors => {
  const taken = new Set<string>();
  return each(containers, path, ({ ports }, at) =>
    each(ports, `${at}.ports`, ({ protocol, hostIP, hostPort }, portPath) => {
      const key = `${protocol}/${hostIP ?? ''}/${hostPort}`;
      if (!hostPort || !taken.has(key)) {
        if (hostPort) taken.add(key);
        return [];
      }
      return [duplicate(`${portPath}.hostPort`, key)];
    }),
  );
};
