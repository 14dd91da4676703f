// Objects as pieces of JSON, around the texts that are kept of them: as the items of a list, as they are, metadata only.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Kind } from '../kind.ts';
import type { MetaVersion } from './accept.ts';
import type { ObjectTexts } from './object-texts.ts';
import { listed } from './presentation.ts';

export type Pieces = readonly Uint8Array[];

/** As in a list. */
export const itemPieces = (texts: ObjectTexts, kind: Kind, object: Stored<KubeObject>): Pieces => [
  texts.of('object', object, () => listed(kind, object)),
];

/** With kind and apiVersion. */
export const wholePieces = (texts: ObjectTexts, kind: Kind, object: Stored<KubeObject>): Pieces => {
  const [item] = itemPieces(texts, kind, object) as [Uint8Array];
  if (kind.custom) return [item];
  const type = `{"apiVersion":"${apiVersionOf(kind.resource)}","kind":"${kind.resource.kind}",`;
  return [Buffer.from(type), item.subarray(1)];
};

export const partialPieces = (
  texts: ObjectTexts,
  version: MetaVersion,
  object: Stored<KubeObject>,
): Pieces => [
  Buffer.from(`{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":`),
  texts.of('metadata', object, () => object.metadata),
  CLOSE,
];

const CLOSE = Buffer.from('}');

export const joined = (pieces: Pieces): Uint8Array => {
  const bytes = Buffer.allocUnsafe(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
};
