// What a container leaves when it ends: its termination log, or by policy the end of its log.
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Container } from '../../k8s/generated/types.ts';

const MAX_MESSAGE_BYTES = 4096;
/** With FallbackToLogsOnError (kuberuntime: MaxContainerTerminationMessageLogLength and -Lines). */
const MAX_LOG_BYTES = 2048;
const MAX_LOG_LINES = 80;

/** Empty if it left nothing. */
export const terminationMessage = (
  container: Container,
  files: { readonly terminationLog: string; readonly log: string },
  exitCode: number,
): string => {
  const message = endOf(files.terminationLog, MAX_MESSAGE_BYTES);
  const takesLog = container.terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0;
  return message !== '' || !takesLog ? message : logEnd(files.log);
};

const logEnd = (path: string): string =>
  endOf(path, MAX_LOG_BYTES * 2)
    .split('\n')
    .filter(Boolean)
    .slice(-MAX_LOG_LINES)
    .map((line) =>
      line.replace(/^\S+ std(?:out|err) (P|F) (.*)$/s, (_, tag, text) => (tag === 'F' ? `${text}\n` : text)),
    )
    .join('')
    .slice(-MAX_LOG_BYTES);

const endOf = (path: string, maxBytes: number): string => {
  try {
    return readEnd(path, maxBytes);
  } catch {
    return ''; // never written, or removed
  }
};

const readEnd = (path: string, maxBytes: number): string => {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size <= maxBytes) return readFileSync(file, 'utf8');
    const buffer = Buffer.alloc(maxBytes);
    return buffer.subarray(0, readSync(file, buffer, 0, maxBytes, size - maxBytes)).toString('utf8');
  } finally {
    closeSync(file);
  }
};
