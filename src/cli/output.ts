// Data goes to stdout, everything said about it to stderr; a user's mistake ends the program with one line.

/** An error that is the user's to mend: printed without a stack, exit code 1. */
export class UserError extends Error {
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'UserError';
  }
}

export const print = (text: string): void =>
  void process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Says that a step is done and how long it took. */
export const sayStep = (title: string, tookMs: number): void =>
  say(`  ${title.padEnd(44)} ${formatMs(tookMs)}`);

export const formatMs = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;

/** Ends with a clear sentence where the command cannot work without root. */
export const requireRoot = (command: string): void => {
  if (process.getuid?.() === 0) return;
  throw new UserError(
    `'${command}' needs root: podnet makes network namespaces, mounts and nftables rules. Run it with sudo`,
  );
};
