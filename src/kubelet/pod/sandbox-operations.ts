// The operations on a pod as a whole: volumes, sandbox, tear down.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostNetworkHostsFile, hostsFile } from '../network-files/hosts-file.ts';
import { podHostName } from '../network-files/hostname.ts';
import { setUpVolumes } from '../volumes/set-up-volumes.ts';
import { podIpsOf, tell } from './context.ts';
import type { PodContext } from './context.ts';
import { forgetContainer } from './pod-record.ts';
import type { PodRecord } from './pod-record.ts';
import { sandboxConfig } from './sandbox-config.ts';

/** Makes the volumes, or refreshes them with what is no older than `freshSinceMs`. */
export const makeVolumes = async (
  context: PodContext,
  record: PodRecord,
  freshSinceMs: number,
): Promise<void> => {
  const { references, tokens, capacity, memoryFiles, folders, node } = context;
  record.writtenLabels = labelsText(record.pod);
  const podIps = podIpsOf(record, context);
  const facts = {
    pod: record.pod,
    podIps,
    hostIps: node.addresses,
    references,
    tokens,
    capacity,
    memoryFiles,
  };
  await setUpVolumes({ ...facts, freshSinceMs }, folders);
};

/** What downwardAPI volumes may hold and what may change. */
export const labelsText = ({ metadata }: PodRecord['pod']): string =>
  JSON.stringify([metadata.labels, metadata.annotations]);

/** Takes a dead sandbox away and makes the next one. */
export const runSandbox = async (
  context: PodContext,
  record: PodRecord,
  { attempt, replaces }: { readonly attempt: number; readonly replaces: string | undefined },
): Promise<void> => {
  const { runtime, folders, slots } = context;
  if (replaces) {
    const message = 'Pod sandbox changed, it will be killed and re-created.';
    tell(context, record.pod, { reason: 'SandboxChanged', message });
    await removeSandbox(context, replaces);
  }
  record.sandbox = undefined;
  for (const { id } of record.containers) forgetContainer(record, id);
  record.containers = [];
  const { namespace = '', name } = record.pod.metadata;
  const logDirectory = folders.logs({ namespace, name, uid: record.uid });
  mkdirSync(logDirectory, { recursive: true });
  const config = sandboxConfig(record.pod, { ...context, attempt, logDirectory });
  const id = await slots.run(() => runtime.runPodSandbox(config));
  record.sandbox = await runtime.podSandboxStatus(id);
  writeHostsFile(context, record);
};

/** Sandboxes get their addresses when they are made: only then can /etc/hosts be written. */
const writeHostsFile = (context: PodContext, record: PodRecord): void => {
  const { folders, cluster } = context;
  const { pod, uid } = record;
  const aliases = pod.spec?.hostAliases ?? [];
  const ips = podIpsOf(record, context);
  const text = pod.spec?.hostNetwork
    ? hostNetworkHostsFile(readFileSync('/etc/hosts', 'utf8'), aliases)
    : hostsFile({ ips, aliases, ...podHostName(pod, cluster.domain) });
  mkdirSync(folders.pod(uid), { recursive: true });
  writeFileSync(folders.hostsFile(uid), text, { mode: 0o644 });
};

/** Stops a sandbox and removes it with its containers. Idempotent. */
export const removeSandbox = async (
  { runtime }: Pick<PodContext, 'runtime'>,
  sandboxId: string,
): Promise<void> => {
  await runtime.stopPodSandbox(sandboxId);
  const containers = await runtime.listContainers(sandboxId);
  await Promise.all(containers.map(({ id }) => runtime.removeContainer(id)));
  await runtime.removePodSandbox(sandboxId);
};

/** Removes all that the pod has on this node. */
export const tearDown = async (context: PodContext, record: PodRecord): Promise<void> => {
  const { folders, tokens } = context;
  if (record.sandbox) await removeSandbox(context, record.sandbox.id);
  const { namespace = '', name } = record.pod.metadata;
  await folders.remove({ namespace, name, uid: record.uid });
  tokens.forget(record.uid);
};
