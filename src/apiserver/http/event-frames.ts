// Watch events as bytes. Each event is delivered to all watchers one after the other, so remembering the frames of the
// last one is enough to serialise it once per form, however many watch.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Kind } from '../kind.ts';
import type { RegistryEvent } from '../registry.ts';
import { type StreamEncoding, encodedEvent, encodedJsonEvent } from './encodings.ts';
import { partialJson, wholeJson } from './object-json.ts';
import type { ObjectTexts } from './object-texts.ts';
import { type Presentation, presentObject, presentWatched } from './presentation.ts';

/** What one client is shown of events. */
export type StreamPresentation = Presentation & { readonly encoding: StreamEncoding };

export type EventFrames = {
  readonly frameOf: (presentation: StreamPresentation, event: RegistryEvent, place: Place) => Uint8Array;
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
  const shared = (presentation: StreamPresentation, event: ObjectEvent, isFirst: boolean): Uint8Array => {
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
      const { encoding } = presentation;
      if (event.type === 'ERROR') return encodedEvent(encoding, event.type, event.status);
      if (event.type === 'BOOKMARK')
        return encodedEvent(encoding, event.type, bookmarkOf(presentation, event));
      const kept = isBeginning ? keptJson(texts, presentation, event.object) : undefined;
      return kept === undefined ? shared(presentation, event, isFirst) : encodedJsonEvent(event.type, kept);
    },
  };
};

/** Undefined: what is shown of the object depends on the time, or is not JSON. */
const keptJson = (
  texts: ObjectTexts,
  { encoding, form, kind }: StreamPresentation,
  object: Stored<KubeObject>,
): string | undefined => {
  if (encoding !== 'json' || form.as === 'Table') return undefined;
  return form.as === 'object' ? wholeJson(texts, kind, object) : partialJson(texts, form.version, object);
};

const formKey = (
  { encoding, form, includeObject }: StreamPresentation,
  type: string,
  isFirst: boolean,
): string => {
  if (form.as === 'object') return `${type} ${encoding}`;
  return `${type} ${encoding} ${form.as} ${form.version} ${includeObject} ${isFirst}`;
};

const encodeObject = (presentation: StreamPresentation, event: ObjectEvent, isFirst: boolean): Uint8Array =>
  encodedEvent(
    presentation.encoding,
    event.type,
    isFirst || presentation.form.as === 'object'
      ? presentObject(presentation, event.object)
      : presentWatched(presentation, event.object),
  );

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
