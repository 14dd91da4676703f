// Kinds whose objects a webhook converts: what it will be asked for is asked first, so that a verb can do all in one step.
import type { ObjectRef } from '../../client/client.ts';
import type { Kind } from '../kind.ts';
import type { StoredObject } from '../store/change.ts';
import { keyFor, tableOf } from './machinery.ts';
import type { Machinery } from './machinery.ts';
import { runVerb, untilCurrent } from './verb.ts';
import type { Verb } from './verb.ts';

/** Undefined: the kind can be read at once. Rejects with ApiError 500 if the webhook fails. */
export const readiness = (machinery: Machinery, kind: Kind, ref?: ObjectRef): Promise<void> | undefined =>
  kind.custom?.prepare?.(ref ? one(machinery, kind, ref) : all(machinery, kind));

const one = (machinery: Machinery, kind: Kind, ref: ObjectRef): readonly StoredObject[] => {
  const object = tableOf(machinery, kind).objects.get(keyFor(kind, ref));
  return object ? [object] : [];
};

// A watch may begin in the past, and lists may be of then.
const all = (machinery: Machinery, kind: Kind): readonly StoredObject[] => {
  const { objects, changes } = tableOf(machinery, kind);
  const past = changes.since(changes.forgotten) ?? [];
  const present = objects.keys().map((key) => objects.get(key)!);
  const then = past.flatMap(({ before, after }) => [before, after]).filter((each) => each !== undefined);
  return [...new Set([...present, ...then])];
};

/** Each attempt learns one conversion more: into the version that is stored, and from it into those that are served. */
const ATTEMPTS = 20;

export type Subject = { readonly kind: Kind; readonly about: ObjectRef | 'all' | 'nothing yet' };

/** Runs a verb on an object, or again when it met one whose other form it did not know. */
export const converted = async <T>(
  machinery: Machinery,
  { kind, about }: Subject,
  verb: () => Verb<T>,
): Promise<T> => {
  const run = (): Promise<T> => runVerb(untilCurrent(verb));
  const prepare = kind.custom?.prepare;
  if (!prepare) return await run();
  for (let attempt = 1; ; attempt++) {
    if (about !== 'nothing yet') await readiness(machinery, kind, about === 'all' ? undefined : about);
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'NotConverted' || attempt === ATTEMPTS) throw error;
      await prepare([], error);
    }
  }
};
