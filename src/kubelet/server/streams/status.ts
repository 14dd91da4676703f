// How a command ended, as the error channel tells it (k8s.io/kubelet/pkg/cri/streaming/remotecommand).
import type { Status } from '../../../k8s/generated/types.ts';

export const exitStatus = (exitCode: number): Status =>
  exitCode === 0
    ? { metadata: {}, status: 'Success' }
    : {
        metadata: {},
        status: 'Failure',
        message: `command terminated with non-zero exit code: exit code ${exitCode}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
      };

/** The command could not be run. */
export const failureStatus = (message: string): Status => ({
  metadata: {},
  status: 'Failure',
  message: `Internal error occurred: ${message}`,
  reason: 'InternalError',
  details: { causes: [{ message }] },
  code: 500,
});
