// What every namespace has from the start: the ServiceAccount `default`, and the ConfigMap `kube-root-ca.crt` by which
// pods check the API server. Deleted or changed, they come back.
import type { ApiClient } from '../../client/client.ts';
import type { Informer } from '../../informer/informer.ts';
import { isAlreadyExists, isConflict, isNamespaceTerminating, isNotFound } from '../../k8s/api-error.ts';
import type { ConfigMap, Namespace, ServiceAccount } from '../../k8s/generated/types.ts';
import { splitKey } from '../../k8s/objects.ts';
import { configMaps, serviceAccounts } from '../../k8s/resources.ts';
import type { Clock } from '../../lang/clock.ts';
import type { Log } from '../../lang/log.ts';
import { fedBy } from '../../reconcile/fed-loop.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { Loop } from '../../reconcile/loop.ts';
import type { Content } from '../content.ts';

export type DefaultsOptions = {
  readonly client: ApiClient;
  readonly content: Content;
  readonly namespaces: Informer<Namespace>;
  /** PEM. */
  readonly caCertificate: string;
  readonly clock: Clock;
  readonly log: Log;
};

const CONCURRENCY = 5;
const SERVICE_ACCOUNT = 'default';
const ROOT_CA = 'kube-root-ca.crt';

export const startDefaults = (options: DefaultsOptions): Loop => {
  const loop = startKeyedLoop({
    name: 'namespace-defaults',
    concurrency: CONCURRENCY,
    isExpected: (error) => isConflict(error) || isAlreadyExists(error),
    reconcile: (key) => reconcile(options, key),
    clock: options.clock,
    log: options.log,
  });
  return fedBy(loop, [
    options.namespaces.subscribe(({ key, before, after }) => {
      if (!before && after) loop.mark(key);
    }),
    options.content.subscribe((resource, { key, before, after }) => {
      const { namespace, name } = splitKey(key);
      const isLost = resource.kind === 'ServiceAccount' && name === SERVICE_ACCOUNT && !after;
      const isChanged = resource.kind === 'ConfigMap' && name === ROOT_CA && before !== undefined;
      if (namespace && (isLost || isChanged)) loop.mark(namespace);
    }),
  ]);
};

const reconcile = async (options: DefaultsOptions, name: string): Promise<void> => {
  const namespace = options.namespaces.get(name);
  if (!namespace || namespace.metadata.deletionTimestamp !== undefined) return;
  try {
    await Promise.all([ensureServiceAccount(options.client, name), ensureRootCa(options, name)]);
  } catch (error) {
    // The cache is late: the namespace is being deleted or gone, and wants nothing any more.
    if (!isNamespaceTerminating(error) && !isNotFound(error)) throw error;
  }
};

const ensureServiceAccount = async (client: ApiClient, namespace: string): Promise<void> => {
  const account: ServiceAccount = { metadata: { name: SERVICE_ACCOUNT, namespace } };
  await ignoreExisting(client.create(serviceAccounts, account, namespace));
};

const ensureRootCa = async ({ client, caCertificate }: DefaultsOptions, namespace: string): Promise<void> => {
  const wanted = rootCa(caCertificate);
  if (await ignoreExisting(client.create(configMaps, wanted, namespace))) return;
  const present = await client.get(configMaps, { name: ROOT_CA, namespace });
  if (present.data?.['ca.crt'] === caCertificate) return;
  await client.update(configMaps, { ...present, data: wanted.data });
};

const rootCa = (caCertificate: string): ConfigMap => ({
  metadata: {
    name: ROOT_CA,
    annotations: {
      'kubernetes.io/description':
        'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as ' +
        'the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of ' +
        'Kubernetes clusters.',
    },
  },
  data: { 'ca.crt': caCertificate },
});

/** Whether it was created. */
const ignoreExisting = async (creation: Promise<unknown>): Promise<boolean> => {
  try {
    await creation;
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return false;
  }
};
