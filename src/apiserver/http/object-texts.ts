// The JSON of stored objects, kept for as long as they are asked for: those who ask for all objects of a kind come
// in crowds (the agents of all nodes when a cluster starts, every informer whose watch has ended), and to serialise an
// object takes ten times as long as to copy its text. Written objects never change, so a text is never wrong.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';

/** Of what there is a text: of the object, without kind and apiVersion where its list says them, or of its metadata. */
type Part = 'object' | 'metadata';

export type ObjectTexts = {
  /** `show` gives what is to be serialised, always the same for the part of an object. */
  readonly of: (part: Part, object: Stored<KubeObject>, show: () => object) => string;
};

/** What nobody has asked for in this time is dropped after twice this time at the latest. */
const KEPT_MS = 15_000;
/** Of the texts that were asked for since the last time: what is more is serialised anew for each who asks. */
const KEPT_CHARACTERS_MAX = 64 << 20;

type Texts = Readonly<Record<Part, WeakMap<object, string>>>;

const noTexts = (): Texts => ({ object: new WeakMap(), metadata: new WeakMap() });

export const createObjectTexts = (clock: Clock): ObjectTexts => {
  let recent = noTexts();
  let before = noTexts();
  let recentCharacters = 0;
  let isKeeping = false;
  const age = (): void => {
    isKeeping = recentCharacters > 0;
    before = recent;
    recent = noTexts();
    recentCharacters = 0;
    if (isKeeping) clock.after(KEPT_MS, age);
  };
  const keep = (part: Part, object: object, text: string): void => {
    if (recentCharacters + text.length > KEPT_CHARACTERS_MAX) return;
    recentCharacters += text.length;
    recent[part].set(object, text);
    if (!isKeeping) clock.after(KEPT_MS, age);
    isKeeping = true;
  };
  return {
    of: (part, object, show) => {
      const known = recent[part].get(object);
      if (known) return known;
      const text = before[part].get(object) ?? JSON.stringify(show());
      keep(part, object, text);
      return text;
    },
  };
};
