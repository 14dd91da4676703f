// The way from kubectl's client-side apply to server-side apply: what the annotation of the former says may be taken from
// its manager without a conflict, and the annotation follows the applied configuration from then on.
// Source: k8s.io/apimachinery/pkg/util/managedfields/internal (lastappliedmanager.go, lastappliedupdater.go).
import { canonicalJson } from '../../lang/canonical-json.ts';
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import { problemsOf } from './check.ts';
import { compare } from './compare.ts';
import { difference } from './field-set.ts';
import type { FieldSet } from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import type { FieldType } from './field-type.ts';

/** Only kubectl's own apply is trusted to mean the same by both. */
export const KUBECTL = 'kubectl';
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

/** The fields that were applied by the client and still are as it applied them; undefined without an annotation. */
export const lastAppliedFields = (type: FieldType, live: JsonObject): FieldSet | undefined => {
  const last = parsed(annotationOf(live));
  if (!last || last['apiVersion'] !== live['apiVersion'] || problemsOf(type, last).length > 0)
    return undefined;
  const { added, removed, modified } = compare(type, last, live);
  return [modified, added, removed].reduce(difference, fieldSetOf(type, last));
};

/** The object with its annotation, if it has one, renewed. */
export const withLastApplied = (object: JsonObject, config: JsonObject): JsonObject => {
  if (!annotationOf(object)) return object;
  const metadata = object['metadata'] as JsonObject;
  const annotations = { ...(metadata['annotations'] as JsonObject), [ANNOTATION]: textOf(config) };
  return { ...object, metadata: { ...metadata, annotations } };
};

const textOf = (config: JsonObject): string => {
  const metadata = (config['metadata'] ?? {}) as JsonObject;
  const { [ANNOTATION]: _last, ...annotations } = (metadata['annotations'] ?? {}) as JsonObject;
  return `${canonicalJson({
    ...config,
    metadata: { ...metadata, ...('annotations' in metadata && { annotations }) },
  })}\n`;
};

const annotationOf = ({ metadata }: JsonObject): unknown => {
  const annotations = isJsonObject(metadata) ? metadata['annotations'] : undefined;
  return isJsonObject(annotations) ? annotations[ANNOTATION] : undefined;
};

const parsed = (text: unknown): JsonObject | undefined => {
  try {
    const value: unknown = JSON.parse(String(text));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
