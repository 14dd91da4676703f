// Those who want to hear of flows as they come, each at its own pace.
import type { FlowLine } from './flow.ts';

export type Follower = {
  /** What has been told since the beginning and is wanted, until the signal. */
  readonly lines: (signal: AbortSignal) => AsyncGenerator<readonly FlowLine[]>;
  readonly stop: () => void;
};

export type Followers = {
  readonly tell: (lines: readonly FlowLine[]) => void;
  /** Begins to hear at once. */
  readonly follow: (isWanted: (line: FlowLine) => boolean) => Follower;
};

/** How much may wait for a slow reader; of what is more it hears how much it was. */
const WAITING_MAX = 4096;

export const createFollowers = (nodeName: string): Followers => {
  const followers = new Set<(lines: readonly FlowLine[]) => void>();
  const follow: Followers['follow'] = (isWanted) => {
    let [waiting, missed]: [FlowLine[], number] = [[], 0];
    let wake = (): void => {};
    const hear = (lines: readonly FlowLine[]): void => {
      const wanted = lines.filter(isWanted);
      const room = WAITING_MAX - waiting.length;
      waiting.push(...wanted.slice(0, room));
      missed += Math.max(0, wanted.length - room);
      if (waiting.length > 0) wake();
    };
    followers.add(hear);
    return {
      lines: async function* (signal) {
        signal.addEventListener('abort', () => wake());
        while (!signal.aborted) {
          if (waiting.length === 0) await new Promise<void>((resolve) => void (wake = resolve));
          if (missed > 0) waiting.push({ kind: 'Loss', node: nodeName, packets: missed });
          const taken = waiting;
          [waiting, missed] = [[], 0];
          if (taken.length > 0) yield taken;
        }
      },
      stop: () => void followers.delete(hear),
    };
  };
  return {
    tell: (lines) => {
      for (const hear of followers) hear(lines);
    },
    follow,
  };
};
