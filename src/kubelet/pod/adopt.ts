// At the start of the agent: the sandboxes that are there from before are given to their pods, others are removed.
import type { Informer } from '../../informer/informer.ts';
import type { Pod } from '../../k8s/generated/types.ts';
import type { PodSandboxStatus } from '../../runtime/runtime.ts';
import type { PodContext } from './context.ts';
import type { PodWorkers } from './pod-workers.ts';
import { removeSandbox } from './sandbox-operations.ts';

/** Call after the first sync: before that, absence means nothing. */
export const adoptSandboxes = async (
  context: PodContext,
  workers: PodWorkers,
  pods: Informer<Pod>,
): Promise<void> => {
  const podByUid = new Map(pods.list().map((pod) => [pod.metadata.uid, pod]));
  const newestByUid = new Map<string, PodSandboxStatus>();
  const sandboxes = await context.runtime.listPodSandbox();
  for (const sandbox of sandboxes) {
    const newest = newestByUid.get(sandbox.pod.uid);
    if (!newest || newest.pod.attempt < sandbox.pod.attempt) newestByUid.set(sandbox.pod.uid, sandbox);
  }
  for (const [uid, sandbox] of newestByUid) {
    const pod = podByUid.get(uid);
    if (pod) workers.update(pod, sandbox);
  }
  const orphans = sandboxes.filter(
    (sandbox) => !podByUid.has(sandbox.pod.uid) || newestByUid.get(sandbox.pod.uid) !== sandbox,
  );
  for (const orphan of orphans) void removeOrphan(context, orphan, podByUid.has(orphan.pod.uid));
  const left = context.folders.known().filter((uid) => !podByUid.has(uid) && !newestByUid.has(uid));
  for (const uid of left) void removeLeftFolder(context, uid);
};

const removeLeftFolder = async ({ folders, log }: PodContext, uid: string): Promise<void> => {
  try {
    await folders.remove({ namespace: '', name: '', uid });
  } catch (error) {
    log.warn({ uid, err: error }, 'folder of a former pod not removed');
  }
};

const removeOrphan = async (
  context: PodContext,
  { id, pod }: PodSandboxStatus,
  keepFolders: boolean,
): Promise<void> => {
  try {
    await removeSandbox(context, id);
    if (!keepFolders) await context.folders.remove(pod);
  } catch (error) {
    context.log.warn({ sandbox: id, err: error }, 'orphaned sandbox not removed');
  }
};
