// Registers the node and keeps it Ready: the Node object now and then, a Lease every ten seconds.
import type { EventRecorder } from '../../client/event-recorder.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../../k8s/api-error.ts';
import type { Lease, Node } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { leases, nodes } from '../../k8s/resources.ts';
import { formatMicroTime } from '../../k8s/time.ts';
import { startKeyedLoop } from '../../reconcile/keyed-loop.ts';
import type { KubeletOptions } from '../options.ts';
import { nodeObject, nodeStatus } from './node-object.ts';
import type { MachineFacts } from './node-object.ts';

export type Registration = {
  /** Resolves when the Node object says Ready. */
  readonly whenRegistered: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type RegistrationOptions = Pick<KubeletOptions, 'client' | 'node' | 'clock' | 'log'> & {
  readonly port: number;
  readonly machine: MachineFacts;
  readonly recorder: EventRecorder;
};

/** A quarter of the lease, as kubelet; the Node object itself is written every five minutes if nothing changes. */
const LEASE_SECONDS = 40;
const LEASE_MS = 10_000;
const STATUS_MS = 300_000;
const LEASE_NAMESPACE = 'kube-node-lease';

export const startRegistration = (options: RegistrationOptions): Registration => {
  const { promise: registered, resolve } = Promise.withResolvers<void>();
  let node: Stored<Node> | undefined;
  const work: Readonly<Record<string, () => Promise<{ readonly afterMs: number }>>> = {
    status: async () => {
      const wasKnown = node !== undefined;
      node = await register(options);
      if (!wasKnown) announce(options, node);
      resolve();
      loop.mark('lease');
      return { afterMs: STATUS_MS };
    },
    lease: async () => {
      await renewLease(options, node!.metadata.uid);
      return { afterMs: LEASE_MS };
    },
  };
  const loop = startKeyedLoop({
    name: 'node-registration',
    reconcile: (key) => work[key]!(),
    concurrency: 2,
    retryMs: 50,
    retryMsMax: LEASE_MS,
    isExpected: isConflict,
    clock: options.clock,
    log: options.log,
  });
  loop.mark('status');
  return { whenRegistered: () => registered, stop: () => loop.stop() };
};

const announce = ({ recorder }: RegistrationOptions, node: Stored<Node>): void => {
  const { name } = node.metadata;
  recorder.record(nodes, node, { type: 'Normal', reason: 'Starting', message: 'Starting kubelet.' });
  const message = `Node ${name} status is now: NodeReady`;
  recorder.record(nodes, node, { type: 'Normal', reason: 'NodeReady', message });
};

/** Creates the Node, or brings an existing one up to date without touching what others set on it. */
const register = async (options: RegistrationOptions): Promise<Stored<Node>> => {
  const { client, node, machine, port, clock } = options;
  const wanted = nodeObject(node, machine, { port, nowMs: clock.now() });
  const stored = (await existing(options)) ?? (await create(options, wanted));
  const labelled = await withLabels(options, stored, wanted);
  if (labelled.status?.conditions?.some(isFreshlyReady(wanted))) return labelled;
  const status = nodeStatus(node, machine, { port, nowMs: clock.now(), before: labelled.status });
  return (await client.updateStatus<Node>(nodes, { ...labelled, status } as Node)) as Stored<Node>;
};

const isFreshlyReady =
  (wanted: Node) =>
  (condition: { readonly type: string; readonly lastHeartbeatTime?: string | undefined }): boolean =>
    condition.type === 'Ready' &&
    condition.lastHeartbeatTime === wanted.status?.conditions?.at(-1)?.lastHeartbeatTime;

const existing = async ({ client, node }: RegistrationOptions): Promise<Stored<Node> | undefined> => {
  try {
    return await client.get(nodes, { name: node.name });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

const create = async (options: RegistrationOptions, wanted: Node): Promise<Stored<Node>> => {
  try {
    return await options.client.create(nodes, wanted);
  } catch (error) {
    const found = isAlreadyExists(error) ? await existing(options) : undefined;
    if (found) return found;
    throw error;
  }
};

const withLabels = async (
  { client }: RegistrationOptions,
  stored: Stored<Node>,
  wanted: Node,
): Promise<Stored<Node>> => {
  const labels = Object.entries(wanted.metadata?.labels ?? {});
  const isLabelled = labels.every(([label, value]) => stored.metadata.labels?.[label] === value);
  if (isLabelled && stored.spec?.podCIDR) return stored;
  const patch = {
    metadata: { labels: wanted.metadata!.labels },
    ...(stored.spec?.podCIDR ? {} : { spec: wanted.spec }),
  };
  return client.patch(nodes, { name: stored.metadata.name }, patch, { type: 'application/merge-patch+json' });
};

/** The Lease is owned by the Node: it goes with it. */
const renewLease = async ({ client, node, clock }: RegistrationOptions, nodeUid: string): Promise<void> => {
  const renewTime = formatMicroTime(clock.now());
  const ref = { namespace: LEASE_NAMESPACE, name: node.name };
  try {
    await client.patch(leases, ref, { spec: { renewTime } }, { type: 'application/merge-patch+json' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await client.create(leases, newLease(node.name, nodeUid, renewTime), LEASE_NAMESPACE);
  }
};

const newLease = (name: string, nodeUid: string, renewTime: string): Lease => ({
  metadata: {
    name,
    namespace: LEASE_NAMESPACE,
    ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid: nodeUid }],
  },
  spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime },
});
