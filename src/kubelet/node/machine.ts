// What this machine is.
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, release, totalmem } from 'node:os';
import type { MachineFacts } from './node-object.ts';

export const readMachine = (): MachineFacts => ({
  architecture: goArchitecture(arch()),
  cpus: availableParallelism(),
  memoryBytes: totalmem(),
  kernelVersion: release(),
  osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
  machineId: read('/etc/machine-id'),
  bootId: read('/proc/sys/kernel/random/boot_id'),
  systemUuid: read('/sys/class/dmi/id/product_uuid'),
});

/** As Go and the label kubernetes.io/arch call it. */
const goArchitecture = (name: string): string => ({ x64: 'amd64', ia32: '386' })[name] ?? name;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // containers and some machines have none
  }
};
