// EXTERNAL-IP and PORT(S) of a Service (kubernetes pkg/printers/internalversion/printers.go printService).
import type { Service, ServicePort } from '../../k8s/generated/types.ts';
import { NONE } from './columns.ts';

export const externalIpCell = ({ spec, status }: Service): string => {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return external.join(',') || NONE;
    case 'LoadBalancer': {
      const balanced = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
      return [...new Set(balanced)].sort().concat(external).filter(Boolean).join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    case undefined:
    default:
      return '<unknown>';
  }
};

export const portsCell = (ports: readonly ServicePort[] | undefined): string =>
  (ports ?? [])
    .map(({ port, nodePort, protocol }) =>
      nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
    )
    .join(',') || NONE;
