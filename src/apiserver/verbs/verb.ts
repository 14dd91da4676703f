// How verbs run: in one go from the first read to the write, unless a webhook has to be asked on the way. While it is, the
// world may change: a verb that finds the object changed then begins again (kube-apiserver: storage GuaranteedUpdate).
import type { ApiError } from '../../k8s/api-error.ts';

/** Yields what it waits for. */
export type Verb<T> = Generator<Promise<unknown>, T, unknown>;

/** A verb that waits for an answer. */
export function* answerOf<T>(promise: Promise<T>): Verb<T> {
  return (yield promise) as T;
}

/** Without a pause where the verb has none. Rejects with what the verb throws. */
export const runVerb = async <T>(verb: Verb<T>): Promise<T> => {
  let step = verb.next();
  while (!step.done) step = await resume(verb, step.value);
  return step.value;
};

const resume = async <T>(verb: Verb<T>, awaited: Promise<unknown>) => {
  try {
    return verb.next(await awaited);
  } catch (error) {
    // What the verb itself threw has ended it: thrown in again it comes back out.
    return verb.throw(error);
  }
};

/** For writes about which nobody outside is asked. */
export const runAtOnce = <T>(verb: Verb<T>): T => {
  const step = verb.next();
  if (!step.done) throw new Error('a verb that must not wait has waited');
  return step.value;
};

/** What a verb was about has changed while it waited. */
export class Superseded extends Error {
  override readonly name = 'Superseded';
  /** For the client, if it goes on like that. */
  readonly conflict: ApiError;

  constructor(conflict: ApiError) {
    super(conflict.message);
    this.conflict = conflict;
  }
}

/** k8s.io/apiserver/pkg/endpoints/handlers/patch.go, MaxRetryWhenPatchConflicts. */
const RETRIES = 5;

/** The verb, again as long as its object changes meanwhile. Throws Conflict if it keeps changing. */
export function* untilCurrent<T>(begin: () => Verb<T>): Verb<T> {
  for (let retry = 0; ; retry++) {
    try {
      return yield* begin();
    } catch (error) {
      if (!(error instanceof Superseded)) throw error;
      if (retry === RETRIES) throw error.conflict;
    }
  }
}
