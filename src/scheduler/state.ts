// Where pods are, or are about to be: what is left on each node, and how the groups are spread.
import type { PodFacts } from './select.ts';
import type { Placement } from './world.ts';

export type NodeUsage = {
  readonly pods: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly others: ReadonlyMap<string, number>;
  readonly hostPorts: ReadonlyMap<string, number>;
};

type Tally = {
  pods: number;
  cpuMillis: number;
  memoryBytes: number;
  readonly others: Map<string, number>;
  readonly hostPorts: Map<string, number>;
};

const emptyTally = (): Tally => ({
  pods: 0,
  cpuMillis: 0,
  memoryBytes: 0,
  others: new Map(),
  hostPorts: new Map(),
});
const EMPTY: NodeUsage = emptyTally();
const NOWHERE: ReadonlyMap<string, number> = new Map();

/** Every change costs O(1): nothing is summed up anew. */
export class Usage {
  readonly #placementByUid = new Map<string, Placement>();
  readonly #tallyByNode = new Map<string, Tally>();
  /** Group -> node -> pods. */
  readonly #nodesByGroup = new Map<string, Map<string, number>>();
  /** Pods that do not want some others near them. */
  #keepingApart = 0;
  readonly #podsByPriority = new Map<number, number>();

  /** A pod that is placed already, there or elsewhere, is moved. */
  place(pod: PodFacts, node: string): void {
    this.remove(pod.uid);
    this.#placementByUid.set(pod.uid, { pod, node });
    this.#add(pod, node, 1);
  }

  placements(): readonly Placement[] {
    return [...this.#placementByUid.values()];
  }

  /** Whether any pod may have to go for one of this priority. */
  hasBelow(priority: number): boolean {
    return [...this.#podsByPriority.keys()].some((each) => each < priority);
  }

  /** Whether any pod has an anti-affinity. */
  get keepsApart(): boolean {
    return this.#keepingApart > 0;
  }

  remove(uid: string): void {
    const placement = this.#placementByUid.get(uid);
    if (!placement) return;
    this.#placementByUid.delete(uid);
    this.#add(placement.pod, placement.node, -1);
  }

  nodeOf(uid: string): string | undefined {
    return this.#placementByUid.get(uid)?.node;
  }

  isEnding(uid: string): boolean {
    return this.#placementByUid.get(uid)?.pod.isEnding ?? false;
  }

  of(node: string): NodeUsage {
    return this.#tallyByNode.get(node) ?? EMPTY;
  }

  /** Node -> pods of the group. */
  spread(group: string | undefined): ReadonlyMap<string, number> {
    return (group === undefined ? undefined : this.#nodesByGroup.get(group)) ?? NOWHERE;
  }

  /** `node-1: 3 pods, 250m, 64Mi` as text, one line a node. */
  toText(): string {
    return [...this.#tallyByNode]
      .filter(([, { pods }]) => pods > 0)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([node, { pods, cpuMillis, memoryBytes }]) => `${node}: ${pods} pods, ${cpuMillis}m, ${memoryBytes}`,
      )
      .join('\n');
  }

  #add(pod: PodFacts, node: string, sign: 1 | -1): void {
    const tally = this.#tallyByNode.get(node) ?? emptyTally();
    this.#tallyByNode.set(node, tally);
    addTo(tally, pod, sign);
    if (pod.antiAffinity.length > 0) this.#keepingApart += sign;
    count(this.#podsByPriority, pod.priority, sign);
    const { group } = pod;
    if (group === undefined) return;
    const nodes = this.#nodesByGroup.get(group) ?? new Map<string, number>();
    this.#nodesByGroup.set(group, nodes);
    count(nodes, node, sign);
    if (nodes.size === 0) this.#nodesByGroup.delete(group);
  }
}

/** What these pods take together. */
export const usageOf = (pods: readonly PodFacts[]): NodeUsage => {
  const tally = emptyTally();
  for (const pod of pods) addTo(tally, pod, 1);
  return tally;
};

const addTo = (tally: Tally, { requests, hostPorts }: PodFacts, sign: 1 | -1): void => {
  tally.pods += sign;
  tally.cpuMillis += sign * requests.cpuMillis;
  tally.memoryBytes += sign * requests.memoryBytes;
  for (const [name, amount] of requests.others) count(tally.others, name, sign * amount);
  for (const port of hostPorts) count(tally.hostPorts, port, sign);
};

const count = <K>(counts: Map<K, number>, key: K, by: number): void => {
  const after = (counts.get(key) ?? 0) + by;
  if (after > 0) counts.set(key, after);
  else counts.delete(key);
};
