// Where a Service's webhook answers: one of its endpoints, as the API server reaches pods without a kube-proxy of its own.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { joinKey } from '../../k8s/objects.ts';
import { endpoints, services } from '../../k8s/resources.ts';
import type { Resource } from '../../k8s/resources.ts';
import { locateProxy } from '../http/proxy/locate.ts';
import { notFound } from '../status-errors.ts';
import type { ServiceReference } from './validate-client.ts';
import type { Endpoint } from './webhook-client.ts';

type Get = <T extends KubeObject>(resource: Resource<T>, key: string) => Stored<T> | undefined;

/** Throws ApiError: 404 for a Service that is not there, 503 for one without endpoints. */
export const serviceEndpoint = (
  get: Get,
  { namespace, name = '', port }: ServiceReference & { readonly port: number },
): Endpoint => {
  const find = <T extends KubeObject>(resource: Resource<T>): Stored<T> => {
    const found = get(resource, joinKey(namespace, name));
    if (!found) throw notFound(resource, name);
    return found;
  };
  const unused = (): never => {
    throw notFound(services, name);
  };
  return locateProxy('services', `https:${name}:${port}`, {
    service: () => find(services),
    endpoints: () => find(endpoints),
    pod: unused,
    node: unused,
    kubeletPort: 0,
    random: Math.random,
  });
};
