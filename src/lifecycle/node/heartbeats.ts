// When each node was last heard of, by our own clock: a node's clock may be wrong.
import type { Clock } from '../../lang/clock.ts';

type Beat = { readonly proof: string; readonly atMs: number };

export class Heartbeats {
  readonly #clock: Clock;
  readonly #beatByNode = new Map<string, Beat>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `proof` is what only a living kubelet changes: the Lease's renewTime. The same one again proves nothing. */
  heard(node: string, proof: string): void {
    if (this.#beatByNode.get(node)?.proof === proof) return;
    this.#beatByNode.set(node, { proof, atMs: this.#clock.now() });
  }

  /** A node that was never heard of gets its time from now on. */
  lastMs(node: string): number {
    const beat = this.#beatByNode.get(node) ?? { proof: '', atMs: this.#clock.now() };
    this.#beatByNode.set(node, beat);
    return beat.atMs;
  }

  /** Starts the node's time again: we were not able to hear it. */
  excuse(node: string): void {
    this.#beatByNode.set(node, { proof: '', atMs: this.#clock.now() });
  }

  forget(node: string): void {
    this.#beatByNode.delete(node);
  }
}
