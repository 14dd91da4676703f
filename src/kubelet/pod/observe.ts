// Reads what the runtime has of one pod into its record.
import { join } from 'node:path';
import type { ContainerStatus, PodRuntime } from '../../runtime/runtime.ts';
import type { PodFolders } from '../pod-folders.ts';
import { terminationMessage } from '../status/termination-message.ts';
import type { PodRecord } from './pod-record.ts';
import { allContainersOf, specOf } from './pod-view.ts';

export const observe = async (runtime: PodRuntime, folders: PodFolders, record: PodRecord): Promise<void> => {
  const { sandbox } = record;
  if (!sandbox) return;
  const [status, containers] = await Promise.all([
    runtime.podSandboxStatus(sandbox.id),
    runtime.listContainers(sandbox.id),
  ]);
  if (record.sandbox !== sandbox) return; // replaced meanwhile
  record.sandbox = status ?? { ...sandbox, state: 'not-ready', ips: [] };
  record.containers = containers.map((container) => withMessage(folders, record, container));
};

const withMessage = (folders: PodFolders, record: PodRecord, status: ContainerStatus): ContainerStatus => {
  if (status.state !== 'exited' || status.message) return status;
  const message = record.terminationMessages.get(status.id) ?? readMessage(folders, record, status);
  record.terminationMessages.set(status.id, message);
  return message === '' ? status : { ...status, message };
};

const readMessage = (folders: PodFolders, { pod, uid }: PodRecord, status: ContainerStatus): string => {
  const container = allContainersOf(specOf({ pod })).find(({ name }) => name === status.name);
  if (!container) return '';
  const logs = folders.logs({ namespace: pod.metadata.namespace ?? '', name: pod.metadata.name, uid });
  const files = {
    terminationLog: folders.terminationLog(uid, status.name, status.attempt),
    log: join(logs, status.logPath),
  };
  return terminationMessage(container, files, status.exitCode ?? 0);
};
