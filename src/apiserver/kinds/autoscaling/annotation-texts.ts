// What autoscaling/v1 keeps in annotations, because it has no fields for it: read and written as kube-apiserver does (kubernetes
// pkg/apis/autoscaling/v1/conversion.go). Anyone can write them: what cannot be read is not there.
import { isJsonObject } from '../../../lang/json.ts';
import { DecodeError, decode } from '../../schema/decode.ts';
import { createSchemas, loadDefinitions } from '../../schema/schema.ts';

// kube-apiserver writes its internal type there: every field, and each in Go's spelling.
type GoFields = { readonly [field: string]: GoFields | null };
const RULES: GoFields = {
  stabilizationWindowSeconds: null,
  selectPolicy: null,
  policies: { type: null, value: null, periodSeconds: null },
  tolerance: null,
};
const BEHAVIOR_FIELDS: GoFields = { scaleUp: RULES, scaleDown: RULES };

/** As text. */
export const behaviorText = (behavior: object): string => JSON.stringify(goForm(behavior, BEHAVIOR_FIELDS));

const goForm = (value: unknown, fields: GoFields | null): unknown => {
  if (value === undefined || fields === null) return value ?? null;
  if (Array.isArray(value)) return value.map((item) => goForm(item, fields));
  return Object.fromEntries(
    Object.entries(fields).map(([name, inner]) => [
      name[0]!.toUpperCase() + name.slice(1),
      goForm((value as Record<string, unknown>)[name], inner),
    ]),
  );
};

export const readBehavior = (text: string | undefined): object | undefined => {
  const behavior = readable(lowered(parsed(text)), 'HorizontalPodAutoscalerBehavior');
  return behavior && Object.keys(behavior).length > 0 ? behavior : undefined;
};

const lowered = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(lowered);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      lowered(inner),
    ]),
  );
};

/** Each item converted; undefined unless all of them are then what the definition of autoscaling/v2 says. */
export const readList = (
  text: string | undefined,
  convert: (item: object) => object,
  definition: string,
): readonly object[] | undefined => {
  const list = parsed(text);
  if (!Array.isArray(list) || !list.every(isJsonObject)) return undefined;
  const items = list.map((item) => readable(convert(item), definition));
  return items.every((item) => item !== undefined) ? items : undefined;
};

const parsed = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return undefined;
  }
};

let schemas: ReturnType<typeof createSchemas> | undefined; // made when the first annotation comes: hardly anyone writes them

const readable = (value: unknown, definition: string): object | undefined => {
  if (!isJsonObject(value)) return undefined;
  schemas ??= createSchemas(loadDefinitions());
  try {
    return decode(schemas.root(`io.k8s.api.autoscaling.v2.${definition}`), value).object;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
};
