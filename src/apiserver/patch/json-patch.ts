// JSON patch. RFC 6902, with the answers of kube-apiserver (k8s.io/apiserver/pkg/endpoints/handlers/patch.go).
import { applyPatch } from 'rfc6902';
import type { Operation } from 'rfc6902';
import { ApiError, failure } from '../../k8s/api-error.ts';
import { cloneJson, isJsonObject } from '../../lang/json.ts';
import { badRequest } from '../status-errors.ts';

const OPERATIONS: readonly unknown[] = ['add', 'remove', 'replace', 'move', 'copy', 'test'];
const OPERATIONS_MAX = 10_000;

/** A patched copy. All operations or none: throws Invalid if one does not apply, BadRequest if one cannot be read. */
export const applyJsonPatch = (object: object, body: unknown): unknown => {
  const operations = readOperations(body);
  const copy = cloneJson(object);
  const failed = firstFailure(copy, operations);
  if (failed) throw unprocessable(failed.message);
  return copy;
};

// The library returns most failures, but throws for a malformed pointer and for one that leads into a string.
const firstFailure = (target: object, operations: Operation[]): Error | undefined => {
  try {
    return applyPatch(target, operations).find((error) => error !== null) ?? undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

const readOperations = (body: unknown): Operation[] => {
  if (!Array.isArray(body)) throw badRequest('error decoding patch: the patch must be a list of operations');
  if (body.length > OPERATIONS_MAX) throw tooMany(body.length);
  for (const operation of body as readonly unknown[]) {
    if (!isJsonObject(operation) || !OPERATIONS.includes(operation['op']))
      throw badRequest(`error decoding patch: unexpected operation ${JSON.stringify(operation)}`);
    if (typeof operation['path'] !== 'string')
      throw badRequest(`error decoding patch: operation without a path: ${JSON.stringify(operation)}`);
  }
  return body as Operation[];
};

const tooMany = (count: number): ApiError =>
  new ApiError(
    failure(
      413,
      'RequestEntityTooLarge',
      `Request entity too large: The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${count}`,
    ),
  );

const unprocessable = (why: string): ApiError =>
  new ApiError(
    failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {
      causes: [{ reason: 'UnexpectedServerResponse', message: why, field: 'patch' }],
    }),
  );
