// Runs in a pod: a program of @kubernetes/client-node with the cluster's own config. Takes a Lease, hears of ConfigMaps, and
// makes, patches and deletes one. Says `done`, or ends with what went wrong.
import { EventEmitter, once } from 'node:events';
import {
  ADD,
  CoordinationV1Api,
  CoreV1Api,
  DELETE,
  KubeConfig,
  PatchStrategy,
  UPDATE,
  V1MicroTime,
  makeInformer,
  setHeaderOptions,
} from '@kubernetes/client-node';

const config = new KubeConfig();
config.loadFromCluster();
const core = config.makeApiClient(CoreV1Api);
const leases = config.makeApiClient(CoordinationV1Api);
const namespace = config.getContextObject(config.getCurrentContext())!.namespace!;

/** The first holder's; a second one meets a Conflict when it takes the lease at an old version. */
const lead = async (): Promise<void> => {
  const now = new V1MicroTime();
  const spec = { holderIdentity: 'first', leaseDurationSeconds: 15, acquireTime: now, renewTime: now };
  const lease = await leases.createNamespacedLease({ namespace, body: { metadata: { name: 'node' }, spec } });
  const renew = (holderIdentity: string): Promise<unknown> =>
    leases.replaceNamespacedLease({
      ...{ name: 'node', namespace },
      body: { metadata: lease.metadata!, spec: { ...spec, holderIdentity, renewTime: new V1MicroTime() } },
    });
  await renew('first');
  const refusal: unknown = await renew('second').catch((error: unknown) => error);
  if ((refusal as { readonly code?: number }).code !== 409)
    throw new Error('two leaders', { cause: refusal });
};

const inform = async (): Promise<void> => {
  const events = new EventEmitter();
  const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, () =>
    core.listNamespacedConfigMap({ namespace }),
  );
  for (const verb of [ADD, UPDATE, DELETE] as const)
    informer.on(verb, ({ metadata, data }) => {
      if (metadata?.name === 'from-node') events.emit(verb, data?.['k']);
    });
  await informer.start();
  const heard = (verb: string): Promise<unknown[]> =>
    once(events, verb, { signal: AbortSignal.timeout(20_000) });
  const write = async (verb: string, work: Promise<unknown>): Promise<void> => {
    await Promise.all([heard(verb), work]);
    console.log(verb);
  };
  const name = 'from-node';
  await write(
    ADD,
    core.createNamespacedConfigMap({ namespace, body: { metadata: { name }, data: { k: '1' } } }),
  );
  const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  await write(UPDATE, core.patchNamespacedConfigMap({ name, namespace, body: { data: { k: '2' } } }, merge));
  await write(DELETE, core.deleteNamespacedConfigMap({ name, namespace }));
  await informer.stop();
};

await lead();
await inform();
console.log('done');
process.exit(0);
