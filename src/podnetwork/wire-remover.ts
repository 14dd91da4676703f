// Deletes pods' wires. The kernel waits for 10 to 50 ms until nobody can be using an interface any more, whether it
// deletes one or a hundred: so this happens on another thread, and what comes meanwhile goes together in the next round.
import { deleteLink, deleteLinkGroup, setLink } from '../kernel/link.ts';
import type { NetlinkRequest } from '../kernel/netlink-socket.ts';
import { openRtnetlink } from '../kernel/rtnetlink.ts';

/** What is in this group is about to be deleted. Any number that nobody else would choose. */
const DOOMED = 0x706f_6421;

type Waiting = {
  readonly name: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
};

/** Works in the namespace in which it was made. */
export class WireRemover {
  readonly #rtnetlink = openRtnetlink();
  #waiting: Waiting[] = [];
  #running = false;

  /** Resolves when there is no interface of that name. */
  remove(name: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, resolve, reject });
      if (!this.#running) void this.#run();
    });
  }

  /** To be called when nothing is being removed any more. */
  close(): void {
    this.#rtnetlink.close();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#rtnetlink.requestOffThread(deletionOf(batch.map(({ name }) => name)));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = false;
  }
}

const deletionOf = (names: readonly string[]): readonly NetlinkRequest[] =>
  names.length === 1
    ? [deleteLink(names[0]!)]
    : [
        ...names.map((name) => ({ ...setLink({ name, group: DOOMED }), tolerate: ['ENODEV'] })),
        deleteLinkGroup(DOOMED),
      ];
