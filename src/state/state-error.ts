// What can be wrong with a state folder: which file, what about it, and what to do.

export type StateErrorCode = 'DAMAGED' | 'FOREIGN' | 'IN_USE' | 'NEWER' | 'NOT_EMPTY' | 'NOT_THERE';

export class StateError extends Error {
  readonly code: StateErrorCode;

  constructor(code: StateErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StateError';
    this.code = code;
  }
}

export const damaged = (path: string, why: string, cause?: unknown): StateError =>
  new StateError(
    'DAMAGED',
    `${path} is damaged: ${why}. Nothing was changed. Put a backup into another folder with ` +
      `'podnet restore FILE --state FOLDER', or save what can be read with 'sqlite3 ${path} .recover'`,
    { cause },
  );
