// A pod's host name and domain name (kubelet_pods.go GeneratePodHostNameAndDomain).
import type { Pod } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';

export type HostName = { readonly hostname: string; readonly fqdn: string | undefined };

/** Names are cut to 63 characters, the kernel's limit of a host name. */
export const podHostName = ({ metadata, spec }: Stored<Pod>, clusterDomain: string): HostName => {
  const hostname = spec?.hostname ?? metadata.name.slice(0, 63).replace(/[-.]+$/, '');
  const fqdn = spec?.subdomain
    ? `${hostname}.${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}`
    : undefined;
  return { hostname: spec?.setHostnameAsFQDN && fqdn ? fqdn : hostname, fqdn };
};
