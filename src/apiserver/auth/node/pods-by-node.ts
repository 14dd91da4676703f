// The pods of each node: whose Secrets a node agent may read, and for whose ServiceAccounts it may ask for tokens.
import type { Pod } from '../../../k8s/generated/types.ts';
import type { Stored } from '../../../k8s/objects.ts';

/** Owns the index; a change costs the same however many pods there are. */
export class PodsByNode {
  readonly #podsByNode = new Map<string, Map<string, Stored<Pod>>>();
  readonly #nodeByPod = new Map<string, string>();

  set(key: string, pod: Stored<Pod> | undefined): void {
    const node = pod?.spec?.nodeName;
    const before = this.#nodeByPod.get(key);
    if (before !== undefined && before !== node) this.#remove(key, before);
    if (!pod || !node) return;
    const pods = this.#podsByNode.get(node) ?? new Map<string, Stored<Pod>>();
    this.#podsByNode.set(node, pods.set(key, pod));
    this.#nodeByPod.set(key, node);
  }

  of(node: string): Iterable<Stored<Pod>> {
    return this.#podsByNode.get(node)?.values() ?? [];
  }

  #remove(key: string, node: string): void {
    const pods = this.#podsByNode.get(node);
    pods?.delete(key);
    if (pods?.size === 0) this.#podsByNode.delete(node);
    this.#nodeByPod.delete(key);
  }
}
