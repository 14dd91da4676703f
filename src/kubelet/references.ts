// ConfigMaps and Secrets, fetched when a pod needs them: a node must not watch those of the whole cluster.
import type { ApiClient } from '../client/client.ts';
import { isNotFound } from '../k8s/api-error.ts';
import type { ConfigMap, Secret } from '../k8s/generated/types.ts';
import { joinKey } from '../k8s/objects.ts';
import type { KubeObject, Stored } from '../k8s/objects.ts';
import { configMaps, secrets } from '../k8s/resources.ts';
import type { Resource } from '../k8s/resources.ts';
import type { Clock } from '../lang/clock.ts';

/**
 * `freshSinceMs`: how old an answer may be. A pod that starts asks for what is there since it was seen; so a hundred
 * pods that start together share one request. Undefined: there is no such object.
 */
export type References = {
  readonly configMap: (
    namespace: string,
    name: string,
    freshSinceMs: number,
  ) => Promise<Stored<ConfigMap> | undefined>;
  readonly secret: (
    namespace: string,
    name: string,
    freshSinceMs: number,
  ) => Promise<Stored<Secret> | undefined>;
};

type Entry = { readonly askedMs: number; readonly answer: Promise<Stored<KubeObject> | undefined> };

const KEPT_MS = 5 * 60_000;
const SWEEP_AT = 256;

export const createReferences = (client: ApiClient, clock: Clock): References => {
  const entries = new Map<string, Entry>();
  const sweep = (): void => {
    for (const [key, { askedMs }] of entries) if (clock.now() - askedMs > KEPT_MS) entries.delete(key);
  };
  const fetch = <T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
    key: string,
  ) => {
    if (entries.size >= SWEEP_AT) sweep();
    const answer = getOrUndefined(client, resource, namespace, name);
    entries.set(key, { askedMs: clock.now(), answer });
    const forget = (): void => {
      if (entries.get(key)?.answer === answer) entries.delete(key);
    };
    answer.then((object) => object ?? forget(), forget); // what is missing may come at any moment
    return answer;
  };
  const find =
    <T extends KubeObject>(resource: Resource<T>) =>
    (namespace: string, name: string, freshSinceMs: number): Promise<Stored<T> | undefined> => {
      const key = `${resource.resource}/${joinKey(namespace, name)}`;
      const entry = entries.get(key);
      if (entry && entry.askedMs >= freshSinceMs) return entry.answer as Promise<Stored<T> | undefined>;
      return fetch(resource, namespace, name, key);
    };
  return { configMap: find(configMaps), secret: find(secrets) };
};

const getOrUndefined = async <T extends KubeObject>(
  client: ApiClient,
  resource: Resource<T>,
  namespace: string,
  name: string,
): Promise<Stored<T> | undefined> => {
  try {
    return await client.get(resource, { namespace, name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};
