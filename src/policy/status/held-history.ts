// Which policies an agent has, by the text that it reports: the controller hears the same changes in the same order, and
// remembers after which of them the text was which.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { createHeld } from './held.ts';

/** Owns the history of one kind. */
export type HeldHistory = {
  /** Takes in the policy as it is now; undefined: there is none any more. */
  readonly set: (key: string, policy: Stored<KubeObject> | undefined) => void;
  /** Whether somebody who reported `held` has the policy as it is now. */
  readonly has: (held: string | undefined, key: string) => boolean;
};

/** Agents are rarely more than some changes behind; one that is further behind counts as one that has nothing. */
const REMEMBERED_MAX = 10_000;

export const createHeldHistory = (): HeldHistory => {
  const held = createHeld();
  /** The number of the last change after which it was so. */
  const stepByHeld = new Map<string, number>([[held.text(), 0]]);
  /** The number of the change that brought the policy's present generation. */
  const stepByKey = new Map<string, number>();
  let step = 0;
  return {
    set: (key, policy) => {
      const before = held.text();
      held.set(key, policy);
      const after = held.text();
      if (!policy) stepByKey.delete(key);
      if (after === before) return;
      step++;
      if (policy) stepByKey.set(key, step);
      stepByHeld.delete(after);
      stepByHeld.set(after, step);
      const oldest = stepByHeld.keys().next();
      if (stepByHeld.size > REMEMBERED_MAX && !oldest.done) stepByHeld.delete(oldest.value);
    },
    has: (text, key) => {
      const at = text === undefined ? undefined : stepByHeld.get(text);
      const since = stepByKey.get(key);
      return at !== undefined && since !== undefined && at >= since;
    },
  };
};
