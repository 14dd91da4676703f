// The one error that leaves kernel/: what was tried, on what, what came back. Branch on `code`, never on the text.
import { getSystemErrorName } from 'node:util';

export class KernelError extends Error {
  /** The errno's name (`EEXIST`), or `ERRNO_<number>` where Node has no name for it. */
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'KernelError';
    this.code = code;
  }
}

/** The error for a failed system call: `what` says what was tried on what; `detail` is the kernel's own explanation. */
export const kernelErrorOf = (errno: number, what: string, detail?: string): KernelError => {
  const code = nameOf(errno);
  return new KernelError(code, `${what}: ${code}${detail ? ` (${detail})` : ''}`);
};

/** Whether `error` is a KernelError with one of these codes. */
export const isKernelError = (error: unknown, ...codes: readonly string[]): error is KernelError =>
  error instanceof KernelError && codes.includes(error.code);

const nameOf = (errno: number): string => {
  try {
    return getSystemErrorName(-errno);
  } catch {
    return `ERRNO_${errno}`;
  }
};
