// A stored custom resource as one version of its kind shows it: read by the schema of the version that it was written in,
// as it is now, so that a default that came later is there; then converted.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { cloneJson, equalJson } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Conversion } from './conversion.ts';
import { applyDefaults, dropNulls } from './structural/defaults.ts';
import { prune } from './structural/prune.ts';
import type { Schema } from './structural/schema.ts';

export type ViewOptions = {
  /** What the view shows: `example.com/v1`. */
  readonly apiVersion: string;
  /** By apiVersion. */
  readonly schemas: ReadonlyMap<string, Schema>;
  readonly convert: Conversion['convert'];
};

/** The object itself where there is nothing to change. Throws NotConverted. */
export const viewOf = (
  { apiVersion, schemas, convert }: ViewOptions,
  stored: Stored<KubeObject>,
): Stored<KubeObject> => {
  const copy = cloneJson(stored) as JsonObject;
  fit(copy, schemas.get(String(stored.apiVersion)), applyDefaults);
  if (stored.apiVersion === apiVersion)
    return equalJson(copy, stored) ? stored : (copy as unknown as Stored<KubeObject>);
  return fitted(convert(copy, apiVersion), schemas) as unknown as Stored<KubeObject>;
};

/** What a version does not specify is not in its objects. */
export const fitted = (object: JsonObject, schemas: ViewOptions['schemas']): JsonObject => {
  const copy = cloneJson(object);
  fit(copy, schemas.get(String(object['apiVersion'])));
  return copy;
};

// In place.
const fit = (object: JsonObject, schema: Schema | undefined, last?: typeof applyDefaults): void => {
  if (!schema) return;
  prune(object, schema);
  dropNulls(object, schema);
  last?.(object, schema);
};
