// Objects of one version as objects of another, by the webhook that a definition names.
// https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion
// Source: k8s.io/apiextensions-apiserver/pkg/apiserver/conversion/webhook_converter.go.
import { randomUUID } from 'node:crypto';
import { ApiError, failure } from '../../k8s/api-error.ts';
import type { WebhookConversion } from '../../k8s/generated/types.ts';
import { isJsonObject } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { WebhookClient } from '../webhooks/webhook-client.ts';

/** An answer holds a few hundred objects at most. */
const BOUNDS = { timeoutMs: 30_000, answerBytesMax: 32 << 20 };

/** All of one kind and version. Rejects with ApiError 500. */
export const convertByWebhook = async (
  client: WebhookClient,
  webhook: WebhookConversion,
  objects: readonly JsonObject[],
  apiVersion: string,
): Promise<readonly JsonObject[]> => {
  const [first] = objects;
  const what = `conversion webhook for ${first!['apiVersion'] as string}, Kind=${first!['kind'] as string}`;
  const uid = randomUUID();
  const converted = await answerOf(client, webhook, { uid, desiredAPIVersion: apiVersion, objects }).catch(
    (error: Error) => refuse(`${what} failed: ${error.message}`),
  );
  if (converted.length !== objects.length)
    refuse(`${what} returned ${converted.length} objects, expected ${objects.length}`);
  return objects.map((object, index) => {
    const problem = problemOf(object, converted[index], apiVersion);
    if (problem) refuse(`${what} returned invalid converted object at index ${index}: ${problem}`);
    return converted[index] as JsonObject;
  });
};

const refuse = (message: string): never => {
  throw new ApiError(failure(500, 'InternalError', message));
};

type Request = {
  readonly uid: string;
  readonly desiredAPIVersion: string;
  readonly objects: readonly JsonObject[];
};

const answerOf = async (
  client: WebhookClient,
  { clientConfig = {}, conversionReviewVersions }: WebhookConversion,
  request: Request,
): Promise<readonly unknown[]> => {
  const version = conversionReviewVersions.find((each) => each === 'v1' || each === 'v1beta1') ?? 'v1';
  const type = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}` };
  const review = await client.post(clientConfig, { ...type, request }, BOUNDS);
  const { kind, apiVersion, response } = isJsonObject(review) ? review : {};
  if (kind !== type.kind || apiVersion !== type.apiVersion)
    throw new Error(
      `expected webhook response of ${type.apiVersion}, Kind=${type.kind}, got ${String(apiVersion)}, Kind=${String(kind)}`,
    );
  if (!isJsonObject(response)) throw new Error('no response provided');
  if (response['uid'] !== request.uid)
    throw new Error(
      `expected response.uid=${JSON.stringify(request.uid)}, got ${JSON.stringify(response['uid'] ?? '')}`,
    );
  const { status = '', message } = isJsonObject(response['result']) ? response['result'] : {};
  if (status !== 'Success')
    throw new Error(
      message ? String(message) : `response.result.status was '${String(status)}', not 'Success'`,
    );
  return Array.isArray(response['convertedObjects']) ? (response['convertedObjects'] as unknown[]) : [];
};

const problemOf = (object: JsonObject, converted: unknown, apiVersion: string): string | undefined => {
  if (!isJsonObject(converted)) return 'it is not an object';
  const { apiVersion: version, kind, metadata } = converted;
  if (version !== apiVersion)
    return `invalid groupVersion (expected ${apiVersion}, received ${String(version)})`;
  if (kind !== object['kind'])
    return `invalid kind (expected ${String(object['kind'])}, received ${String(kind)})`;
  const before = object['metadata'] as JsonObject;
  if (!isJsonObject(metadata)) return 'invalid metadata in converted object: missing';
  const changed = ['name', 'namespace', 'uid'].find((name) => metadata[name] !== before[name]);
  return (
    changed && `must have the same ${changed}: ${String(before[changed])} != ${String(metadata[changed])}`
  );
};
