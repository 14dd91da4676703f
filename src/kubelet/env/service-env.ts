// Services as environment variables: NAME_SERVICE_HOST and the Docker-link names (kubelet/envvars/envvars.go).
import { hostPort } from '../../ip/host-port.ts';
import type { Service, ServicePort } from '../../k8s/generated/types.ts';

export type Variable = { readonly name: string; readonly value: string };

/** Variables of all Services that have a cluster IP, in the order given. */
export const serviceVariables = (services: readonly Service[]): readonly Variable[] =>
  services.flatMap((service) => {
    const ip = service.spec?.clusterIP;
    const ports = service.spec?.ports ?? [];
    if (!ip || ip === 'None' || ports.length === 0) return [];
    const prefix = variableName(service.metadata?.name ?? '');
    return [...hostVariables(prefix, ip, ports), ...linkVariables(prefix, ip, ports)];
  });

const variableName = (text: string): string => text.toUpperCase().replaceAll('-', '_');

const hostVariables = (prefix: string, ip: string, ports: readonly ServicePort[]): readonly Variable[] => [
  { name: `${prefix}_SERVICE_HOST`, value: ip },
  { name: `${prefix}_SERVICE_PORT`, value: String(ports[0]!.port) },
  ...ports.flatMap(({ name, port }) =>
    name ? [{ name: `${prefix}_SERVICE_PORT_${variableName(name)}`, value: String(port) }] : [],
  ),
];

const linkVariables = (prefix: string, ip: string, ports: readonly ServicePort[]): readonly Variable[] => {
  return ports.flatMap(({ port, protocol = 'TCP' }, index) => {
    const scheme = protocol.toLowerCase();
    const url = `${scheme}://${hostPort(ip, port)}`;
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`;
    return [
      ...(index === 0 ? [{ name: `${prefix}_PORT`, value: url }] : []),
      { name: link, value: url },
      { name: `${link}_PROTO`, value: scheme },
      { name: `${link}_PORT`, value: String(port) },
      { name: `${link}_ADDR`, value: ip },
    ];
  });
};

/**
 * Which Services a pod hears of: all of its namespace if it wants them, and `kubernetes` of `default` always, unless
 * one of its own namespace has that name.
 */
export const servicesFor = (
  ofNamespace: readonly Service[],
  kubernetes: Service | undefined,
  links: boolean,
): readonly Service[] => {
  const own = links ? ofNamespace : [];
  const isShadowed = own.some(({ metadata }) => metadata?.name === 'kubernetes');
  return kubernetes && !isShadowed ? [...own, kubernetes] : own;
};
