// A limit on how many starts run at once on a node: the machine's cores are shared by all that start.

export type Slots = { readonly run: <T>(work: () => Promise<T>) => Promise<T> };

/** First come, first served. */
export const createSlots = (size: number): Slots => {
  const waiting: (() => void)[] = [];
  let free = size;
  const acquire = (): Promise<void> => {
    if (free === 0) return new Promise((resolve) => void waiting.push(resolve));
    free--;
    return Promise.resolve();
  };
  const release = (): void => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  const run = async <T>(work: () => Promise<T>): Promise<T> => {
    await acquire();
    try {
      return await work();
    } finally {
      release();
    }
  };
  return { run };
};
