// The files of a pod that the runtime provides: resolv.conf and hostname, the same for all its containers.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mount, PodSandboxConfig } from '../runtime.ts';

export const writePodFiles = (folder: string, dns: PodSandboxConfig['dns'], hostname: string): void => {
  writeFileSync(join(folder, 'resolv.conf'), resolvConf(dns));
  writeFileSync(join(folder, 'hostname'), `${hostname}\n`);
};

/** The mounts of the files, but those that the container mounts itself. */
export const podMounts = (folder: string, own: readonly Mount[]): readonly Mount[] =>
  ['resolv.conf', 'hostname']
    .filter((name) => !own.some(({ containerPath }) => containerPath === `/etc/${name}`))
    .map((name) => ({ hostPath: join(folder, name), containerPath: `/etc/${name}`, readonly: false }));

/** resolv.conf(5). */
const resolvConf = ({ servers, searches, options }: PodSandboxConfig['dns']): string =>
  [
    ...(searches.length > 0 ? [`search ${searches.join(' ')}`] : []),
    ...servers.map((server) => `nameserver ${server}`),
    ...(options.length > 0 ? [`options ${options.join(' ')}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');
