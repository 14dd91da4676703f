// A list as its JSON, chunk by chunk: made of the texts of its objects while it is sent, so that neither a large list nor a
// slow reader takes much memory, and nobody else waits for the whole of it.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { ListPage } from '../registry.ts';
import type { MetaVersion } from './accept.ts';
import type { ChunksAnswer } from './exchange.ts';
import { itemJson, partialJson, wholeJson } from './object-json.ts';
import type { ObjectTexts } from './object-texts.ts';
import { type Presentation, presentList } from './presentation.ts';

/** The JSON of what `presentList` gives. */
export const listAnswer = (texts: ObjectTexts, presentation: Presentation, page: ListPage): ChunksAnswer => ({
  kind: 'chunks',
  code: 200,
  contentType: 'application/json',
  chunks: chunksOf(texts, presentation, page),
});

/** Larger texts are not where V8 clears up quickly. */
const CHUNK_LENGTH_MIN = 64 << 10;
const END = ']}';

/** The items, or rows, are the last member of all forms. */
function* chunksOf(texts: ObjectTexts, presentation: Presentation, page: ListPage): Iterable<string> {
  let chunk = JSON.stringify(presentList(presentation, { ...page, items: [] })).slice(0, -END.length);
  for (const [index, item] of page.items.entries()) {
    chunk += `${index > 0 ? ',' : ''}${elementJson(texts, presentation, item)}`;
    if (chunk.length < CHUNK_LENGTH_MIN) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk + END;
}

const elementJson = (texts: ObjectTexts, presentation: Presentation, object: Stored<KubeObject>): string => {
  const { form, kind, nowMs } = presentation;
  switch (form.as) {
    case 'object':
      return itemJson(texts, kind, object);
    case 'PartialObjectMetadata':
      return partialJson(texts, form.version, object);
    case 'Table': {
      const cells = JSON.stringify(kind.row(object, nowMs));
      return `{"cells":${cells},"object":${includedJson(texts, presentation, form.version, object)}}`;
    }
  }
};

const includedJson = (
  texts: ObjectTexts,
  { kind, includeObject }: Presentation,
  version: MetaVersion,
  object: Stored<KubeObject>,
): string => {
  if (includeObject === 'None') return 'null';
  return includeObject === 'Object' ? wholeJson(texts, kind, object) : partialJson(texts, version, object);
};
