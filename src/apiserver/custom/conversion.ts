// Conversion as the verbs need it: at once. What a webhook has not been asked yet is thrown as NotConverted, and whoever may
// wait asks, and tries again: the verbs stay in one step from their first read to their write.
import type { CustomResourceDefinition } from '../../k8s/generated/types.ts';
import { canonicalJson } from '../../lang/canonical-json.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { WebhookClient } from '../webhooks/webhook-client.ts';
import { convertByWebhook } from './convert-by-webhook.ts';

/** An object whose form in another version is not known yet. */
export class NotConverted extends Error {
  override readonly name = 'NotConverted';
  readonly object: JsonObject;
  readonly apiVersion: string;

  constructor(object: JsonObject, apiVersion: string) {
    super(`${String(object['apiVersion'])} is not converted to ${apiVersion} yet`);
    this.object = object;
    this.apiVersion = apiVersion;
  }
}

export type Conversion = {
  /** Throws NotConverted. The metadata is the object's. */
  readonly convert: (object: JsonObject, apiVersion: string) => JsonObject;
  /** Makes `convert` know these. Rejects with ApiError 500. Undefined: it knows all. */
  readonly learn?: (unknown: readonly NotConverted[]) => Promise<void>;
};

export const createConversion = (
  { spec: { conversion } }: CustomResourceDefinition,
  client: WebhookClient,
): Conversion => {
  const webhook = conversion?.strategy === 'Webhook' ? conversion.webhook : undefined;
  if (!webhook) return { convert: (object, apiVersion) => ({ ...object, apiVersion }) };
  const known = new Known();
  return {
    convert: (object, apiVersion) => {
      const found = known.get(object, apiVersion);
      if (!found) throw new NotConverted(object, apiVersion);
      return { ...found, metadata: mergedMetadata(object, found) };
    },
    learn: async (unknown) => {
      const groups = Map.groupBy(
        unknown,
        ({ object, apiVersion }) => `${String(object['apiVersion'])} ${apiVersion}`,
      );
      for (const group of groups.values()) {
        const { apiVersion } = group[0]!;
        const objects = group.map(({ object }) => object);
        const converted = await convertByWebhook(client, webhook, objects, apiVersion);
        for (const [index, object] of objects.entries()) known.set(object, apiVersion, converted[index]!);
      }
    },
  };
};

/** Whoever asks soon after gets an answer; views remember theirs for as long as the object is stored. */
const KNOWN_MAX = 2000;

/** Conversions by what is converted: everything but what the server itself sets in metadata. */
class Known {
  readonly #converted = new Map<string, JsonObject>();

  get(object: JsonObject, apiVersion: string): JsonObject | undefined {
    return this.#converted.get(keyOf(object, apiVersion));
  }

  set(object: JsonObject, apiVersion: string, converted: JsonObject): void {
    this.#converted.set(keyOf(object, apiVersion), converted);
    const [oldest] = this.#converted.keys();
    if (this.#converted.size > KNOWN_MAX) this.#converted.delete(oldest!);
  }
}

const keyOf = (object: JsonObject, apiVersion: string): string => {
  const { name, namespace, labels, annotations } = object['metadata'] as JsonObject;
  return canonicalJson({ ...object, metadata: { name, namespace, labels, annotations }, to: apiVersion });
};

// A conversion may change labels and annotations, and nothing else that is Kubernetes'.
const mergedMetadata = (object: JsonObject, converted: JsonObject): JsonObject => {
  const { labels: _labels, annotations: _annotations, ...metadata } = object['metadata'] as JsonObject;
  const { labels, annotations } = converted['metadata'] as JsonObject;
  return {
    ...metadata,
    ...(labels !== undefined && { labels }),
    ...(annotations !== undefined && { annotations }),
  };
};
