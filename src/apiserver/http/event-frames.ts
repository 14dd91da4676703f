// Watch events as bytes. Each event is delivered to all watchers one after the other, so remembering the frames of the
// last one is enough to serialise it once per form, however many watch.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Kind } from '../kind.ts';
import type { RegistryEvent } from '../registry.ts';
import { type Pieces, joined, partialPieces, wholePieces } from './object-pieces.ts';
import type { ObjectTexts } from './object-texts.ts';
import { type Presentation, presentObject, presentWatched } from './presentation.ts';

export type EventFrames = {
  readonly frameOf: (presentation: Presentation, event: RegistryEvent, place: Place) => Uint8Array;
};

export type Place = {
  /** The first event of a watch: a Table then has its column definitions. */
  readonly isFirst: boolean;
  /** Of what a watch begins with, which others may ask for soon. */
  readonly isBeginning: boolean;
};

type ObjectEvent = Extract<RegistryEvent, { readonly object: unknown }>;

export const createEventFrames = (texts: ObjectTexts): EventFrames => {
  let lastObject: object | undefined;
  const frames = new Map<string, Uint8Array>();
  const shared = (presentation: Presentation, event: ObjectEvent, isFirst: boolean): Uint8Array => {
    if (event.object !== lastObject) {
      lastObject = event.object;
      frames.clear();
    }
    const key = formKey(presentation, event.type, isFirst);
    const frame = frames.get(key) ?? encodeObject(presentation, event, isFirst);
    frames.set(key, frame);
    return frame;
  };
  return {
    frameOf: (presentation, event, { isFirst, isBeginning }) => {
      if (event.type === 'ERROR') return encode(event.type, event.status);
      if (event.type === 'BOOKMARK') return encode(event.type, bookmarkOf(presentation, event));
      const kept = isBeginning ? keptPieces(texts, presentation, event.object) : undefined;
      return kept ? frameAround(event.type, kept) : shared(presentation, event, isFirst);
    },
  };
};

/** Undefined: what is shown of the object depends on the time. */
const keptPieces = (
  texts: ObjectTexts,
  { form, kind }: Presentation,
  object: Stored<KubeObject>,
): Pieces | undefined => {
  if (form.as === 'object') return wholePieces(texts, kind, object);
  return form.as === 'Table' ? undefined : partialPieces(texts, form.version, object);
};

const frameAround = (type: string, pieces: Pieces): Uint8Array =>
  joined([Buffer.from(`{"type":"${type}","object":`), ...pieces, END]);

const END = Buffer.from('}\n');

const formKey = ({ form, includeObject }: Presentation, type: string, isFirst: boolean): string => {
  if (form.as === 'object') return type;
  return `${type} ${form.as} ${form.version} ${includeObject} ${isFirst}`;
};

const encodeObject = (presentation: Presentation, event: ObjectEvent, isFirst: boolean): Uint8Array =>
  encode(
    event.type,
    isFirst || presentation.form.as === 'object'
      ? presentObject(presentation, event.object)
      : presentWatched(presentation, event.object),
  );

const encode = (type: string, object: object): Uint8Array =>
  Buffer.from(`{"type":"${type}","object":${JSON.stringify(object)}}\n`);

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

type Bookmark = Extract<RegistryEvent, { readonly type: 'BOOKMARK' }>;

const bookmarkOf = (presentation: Presentation, bookmark: Bookmark): object => {
  const { form, kind } = presentation;
  const object = bookmarkObject(kind, bookmark);
  if (form.as !== 'Table') return form.as === 'object' ? object : presentObject(presentation, object);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata: { resourceVersion: bookmark.resourceVersion },
    rows: [],
  };
};

const bookmarkObject = (kind: Kind, bookmark: Bookmark): Stored<KubeObject> =>
  ({
    kind: kind.resource.kind,
    apiVersion: apiVersionOf(kind.resource),
    metadata: {
      resourceVersion: bookmark.resourceVersion,
      creationTimestamp: null,
      ...(bookmark.initialEventsEnd ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}),
    },
  }) as unknown as Stored<KubeObject>;
