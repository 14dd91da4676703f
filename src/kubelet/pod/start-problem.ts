// Why a container did not start: becomes its waiting state and an event `Failed`.

export class StartProblem extends Error {
  override readonly name = 'StartProblem';
  /** As in containerStatuses[].state.waiting.reason. */
  readonly reason: string;
  /** The event's text. */
  readonly event: string;
  /** Undefined: after the usual back-off. */
  readonly retryAtMs: number | undefined;

  constructor(
    reason: string,
    message: string,
    options: { readonly event?: string; readonly retryAtMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.reason = reason;
    this.event = options.event ?? `Error: ${message}`;
    this.retryAtMs = options.retryAtMs;
  }
}

/** Runs one step of a start; whatever it throws becomes a StartProblem with that reason. */
export const asProblem = async <T>(reason: string, step: () => T | Promise<T>): Promise<T> => {
  try {
    return await step();
  } catch (error) {
    if (error instanceof StartProblem) throw error;
    throw new StartProblem(reason, error instanceof Error ? error.message : String(error), { cause: error });
  }
};
