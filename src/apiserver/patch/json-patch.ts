// JSON patch. RFC 6902, with the answers of kube-apiserver (k8s.io/apiserver/pkg/endpoints/handlers/patch.go).
import { Pointer, applyPatch } from 'rfc6902';
import type { Operation } from 'rfc6902';
import { ApiError, failure } from '../../k8s/api-error.ts';
import { cloneJson, isJsonObject } from '../../lang/json.ts';
import { badRequest } from '../status-errors.ts';

const OPERATIONS: readonly unknown[] = ['add', 'remove', 'replace', 'move', 'copy', 'test'];
const OPERATIONS_MAX = 10_000;
/** Characters of JSON that all copies together may add: as many as a request may bring. */
const COPIED_MAX = 3 << 20;

/** A patched copy. All operations or none: throws Invalid if one does not apply, BadRequest if one cannot be read. */
export const applyJsonPatch = (object: object, body: unknown): unknown => {
  const operations = readOperations(body);
  const copy = cloneJson(object);
  const failed = firstFailure(copy, operations);
  if (failed) throw unprocessable(failed.message);
  return copy;
};

// The library returns most failures, but throws for a malformed pointer and for one that leads into a string.
const firstFailure = (target: object, operations: readonly Operation[]): Error | undefined => {
  let copied = 0;
  try {
    for (const operation of operations) {
      copied += copiedBy(operation, target);
      if (copied > COPIED_MAX) return tooMuchCopied(copied);
      const [failed] = applyPatch(target, [operation]);
      if (failed) return failed;
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
};

const copiedBy = (operation: Operation, target: object): number => {
  if (operation.op !== 'copy') return 0;
  const value: unknown = Pointer.fromJSON(operation.from).evaluate(target).value;
  return value === undefined ? 0 : JSON.stringify(value).length;
};

const tooMuchCopied = (copied: number): Error =>
  new Error(
    `Unable to complete the copy, the accumulated size increase of copy is ${copied}, exceeding the limit ${COPIED_MAX}`,
  );

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
