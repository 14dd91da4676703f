// What a Service or an address is checked against: the caches, or the server itself.
import type { ApiClient } from '../../client/client.ts';
import { unlessGone } from '../../k8s/api-error.ts';
import type { IPAddress, Service, ServiceCIDR } from '../../k8s/generated/types.ts';
import { type KubeObject, type Stored, splitKey } from '../../k8s/objects.ts';
import {
  type Resource,
  ipAddresses as addressResource,
  serviceCidrs as cidrResource,
  services as serviceResource,
} from '../../k8s/resources.ts';
import { addressNamesOf, serviceKeyOf } from '../../k8s/service-addresses.ts';
import { containsAddress } from '../ranges/compile.ts';
import type { ServiceAddressesOptions } from '../service-addresses.ts';
import type { Ledger } from './compile.ts';

export const cachedLedger = ({ ipAddresses, services, serviceCidrs }: ServiceAddressesOptions): Ledger => ({
  address: ipAddresses.get,
  service: services.get,
  isInRange: inAnyOf(serviceCidrs.list()),
});

/** What the server says about the addresses of one Service. */
export const freshLedger = async (client: ApiClient, service: Stored<Service>): Promise<Ledger> => {
  const addresses = await findAll<IPAddress>(client, addressResource, addressNamesOf(service));
  const owners = [...addresses.values()].flatMap((address) => serviceKeyOf(address) ?? []);
  const services = await findAll<Service>(client, serviceResource, owners);
  const { items } = await client.list(cidrResource);
  return {
    address: (ip) => addresses.get(ip),
    service: (key) => services.get(key),
    isInRange: inAnyOf(items),
  };
};

const inAnyOf =
  (cidrs: readonly Stored<ServiceCIDR>[]) =>
  (ip: string): boolean =>
    cidrs.some((cidr) => containsAddress(cidr, ip));

const findAll = async <T extends KubeObject>(
  client: ApiClient,
  resource: Resource<T>,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Stored<T>>> => {
  const found = await Promise.all(keys.map(async (key) => [key, await find(client, resource, key)] as const));
  return new Map(found.flatMap(([key, object]) => (object ? [[key, object] as const] : [])));
};

export const find = <T extends KubeObject>(
  client: ApiClient,
  resource: Resource<T>,
  key: string,
): Promise<Stored<T> | undefined> => unlessGone(client.get(resource, splitKey(key)));
