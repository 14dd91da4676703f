// The JSON of stored objects as bytes, kept for as long as they are asked for: those who ask for all objects of a kind come
// in crowds (the agents of all nodes when a cluster starts, every informer whose watch has ended), and to serialise an
// object takes ten times as long as to copy its text. Written objects never change, so a text is never wrong.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';

/** Of what there is a text: of the object, without kind and apiVersion where its list says them, or of its metadata. */
type Part = 'object' | 'metadata';

export type ObjectTexts = {
  /** `show` gives what is to be serialised, always the same for the part of an object. */
  readonly of: (part: Part, object: Stored<KubeObject>, show: () => object) => Uint8Array;
};

/** What nobody has asked for in this time is dropped after twice this time at the latest. */
const KEPT_MS = 15_000;
/** Of the texts that were asked for since the last time: what is more is serialised anew for each who asks. */
const KEPT_BYTES_MAX = 64 << 20;

type Texts = Readonly<Record<Part, WeakMap<object, Uint8Array>>>;

const noTexts = (): Texts => ({ object: new WeakMap(), metadata: new WeakMap() });

export const createObjectTexts = (clock: Clock): ObjectTexts => {
  let recent = noTexts();
  let before = noTexts();
  let recentBytes = 0;
  let isKeeping = false;
  const age = (): void => {
    isKeeping = recentBytes > 0;
    before = recent;
    recent = noTexts();
    recentBytes = 0;
    if (isKeeping) clock.after(KEPT_MS, age);
  };
  const keep = (part: Part, object: object, text: Uint8Array): void => {
    if (recentBytes + text.length > KEPT_BYTES_MAX) return;
    recentBytes += text.length;
    recent[part].set(object, text);
    if (!isKeeping) clock.after(KEPT_MS, age);
    isKeeping = true;
  };
  return {
    of: (part, object, show) => {
      const known = recent[part].get(object);
      if (known) return known;
      const text = before[part].get(object) ?? Buffer.from(JSON.stringify(show()));
      keep(part, object, text);
      return text;
    },
  };
};
