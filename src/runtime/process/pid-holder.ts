// The first process of a pid namespace that a pod's containers share: a namespace ends with its first process, and that
// one takes on the orphans of the others. Kubernetes' pause container is this one; here only such pods have it.
import type { ContainerConfig } from '../runtime.ts';
import type { ContainerRecord } from './records.ts';

/** As kubelet named it of old. Container names are in lower case. */
const NAME = 'POD';

export const isPidHolder = ({ config }: Pick<ContainerRecord, 'config'>): boolean => config.name === NAME;

/** A shell waits for all its children, also those that it never started. */
const COMMAND = ['/bin/sh', '-c', 'sleep infinity & wait'];

/** pause's: nobody. */
const USER = 65_535;

/** `imageId`: of an image with a shell. */
export const pidHolderConfig = (imageId: string): ContainerConfig => ({
  name: NAME,
  attempt: 0,
  imageId,
  command: COMMAND,
  args: [],
  workingDir: '/',
  env: [],
  mounts: [],
  logPath: `${NAME}.log`,
  stdin: false,
  stdinOnce: false,
  tty: false,
  security: {
    privileged: false,
    runAsUser: USER,
    runAsGroup: USER,
    supplementalGroups: [],
    readonlyRootFilesystem: true,
    addCapabilities: [],
    dropCapabilities: ['ALL'],
    noNewPrivileges: true,
  },
  resources: {},
});
