// A limit on how many starts run at once on a node: the machine's cores are shared by all that start.

export type Slots = {
  /** Rejects without doing the work once the slots are closed. */
  readonly run: <T>(work: () => Promise<T>) => Promise<T>;
  /** Lets nothing begin any more; resolves when nothing runs. */
  readonly close: () => Promise<void>;
};

/** First come, first served. */
export const createSlots = (size: number): Slots => {
  const waiting: (() => void)[] = [];
  const { promise: idle, resolve: announceIdle } = Promise.withResolvers<void>();
  let free = size;
  let isClosed = false;
  const acquire = (): Promise<void> => {
    if (free === 0) return new Promise((resolve) => void waiting.push(resolve));
    free--;
    return Promise.resolve();
  };
  const release = (): void => {
    const next = waiting.shift();
    if (next) return next();
    free++;
    if (isClosed && free === size) announceIdle();
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    await acquire();
    try {
      if (isClosed) throw new Error('the kubelet stops');
      return await work();
    } finally {
      release();
    }
  };
  const close = (): Promise<void> => {
    isClosed = true;
    if (free === size) announceIdle();
    return idle;
  };
  return { run, close };
};
