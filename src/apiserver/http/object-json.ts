// The JSON of objects, made of the texts that are kept of them: as the items of a list, as they are, metadata only.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Kind } from '../kind.ts';
import type { MetaVersion } from './accept.ts';
import type { ObjectTexts } from './object-texts.ts';
import { listed } from './presentation.ts';

/** As in a list. */
export const itemJson = (texts: ObjectTexts, kind: Kind, object: Stored<KubeObject>): string =>
  texts.of('object', object, () => listed(kind, object));

/** With kind and apiVersion. */
export const wholeJson = (texts: ObjectTexts, kind: Kind, object: Stored<KubeObject>): string => {
  const item = itemJson(texts, kind, object);
  if (kind.custom) return item;
  return `{"apiVersion":"${apiVersionOf(kind.resource)}","kind":"${kind.resource.kind}",${item.slice(1)}`;
};

export const partialJson = (texts: ObjectTexts, version: MetaVersion, object: Stored<KubeObject>): string => {
  const metadata = texts.of('metadata', object, () => object.metadata);
  return `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${version}","metadata":${metadata}}`;
};
