// A list as the pieces of its JSON: the texts of its objects, and what is between them.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { ListPage } from '../registry.ts';
import type { MetaVersion } from './accept.ts';
import type { PiecesAnswer } from './exchange.ts';
import { type Pieces, itemPieces, partialPieces, wholePieces } from './object-pieces.ts';
import type { ObjectTexts } from './object-texts.ts';
import { type Presentation, presentList } from './presentation.ts';

/** The JSON of what `presentList` gives: its items, or rows, are its last member in all forms. */
export const listAnswer = (texts: ObjectTexts, presentation: Presentation, page: ListPage): PiecesAnswer => {
  const empty = JSON.stringify(presentList(presentation, { ...page, items: [] }));
  const pieces: Uint8Array[] = [Buffer.from(empty.slice(0, -END.length))];
  for (const [index, item] of page.items.entries()) {
    if (index > 0) pieces.push(COMMA);
    pieces.push(...elementPieces(texts, presentation, item));
  }
  pieces.push(END);
  return { kind: 'pieces', code: 200, contentType: 'application/json', pieces };
};

const [COMMA, CLOSE, NULL, END] = [',', '}', 'null', ']}'].map((text) => Buffer.from(text)) as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];

const elementPieces = (
  texts: ObjectTexts,
  presentation: Presentation,
  object: Stored<KubeObject>,
): Pieces => {
  const { form, kind, nowMs } = presentation;
  switch (form.as) {
    case 'object':
      return itemPieces(texts, kind, object);
    case 'PartialObjectMetadata':
      return partialPieces(texts, form.version, object);
    case 'Table': {
      const cells = JSON.stringify(kind.row(object, nowMs));
      const include = includedPieces(texts, presentation, form.version, object);
      return [Buffer.from(`{"cells":${cells},"object":`), ...include, CLOSE];
    }
  }
};

const includedPieces = (
  texts: ObjectTexts,
  { kind, includeObject }: Presentation,
  version: MetaVersion,
  object: Stored<KubeObject>,
): Pieces => {
  if (includeObject === 'None') return [NULL];
  return includeObject === 'Object'
    ? wholePieces(texts, kind, object)
    : partialPieces(texts, version, object);
};
