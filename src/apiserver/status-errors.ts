// The failures of the API as Status objects, in kube-apiserver's words (k8s.io/apimachinery/pkg/api/errors/errors.go).
import { ApiError, failure } from '../k8s/api-error.ts';
import type { FieldError } from '../k8s/field-error.ts';
import type { Status } from '../k8s/generated/types.ts';
import type { Resource } from '../k8s/resources.ts';
import { causeOf, conflictMessage } from './managed-fields/conflicts.ts';
import type { Conflict } from './managed-fields/conflicts.ts';
import { pathText } from './managed-fields/field-path.ts';

type Causes = NonNullable<NonNullable<Status['details']>['causes']>;

const OPTIMISTIC_LOCK =
  'the object has been modified; please apply your changes to the latest version and try again';

/** `deployments.apps`, or `pods` in the core group. */
const qualified = ({ resource, group }: Resource): string =>
  group === '' ? resource : `${resource}.${group}`;

export const notFound = (resource: Resource, name: string): ApiError =>
  about(resource, name, 404, 'NotFound', `${qualified(resource)} "${name}" not found`);

export const alreadyExists = (resource: Resource, name: string): ApiError =>
  about(resource, name, 409, 'AlreadyExists', `${qualified(resource)} "${name}" already exists`);

/** A generated name met an object that is there: the client may simply try again. */
export const generatedNameTaken = (resource: Resource, name: string): ApiError => {
  const why = 'the server was not able to generate a unique name for the object';
  const message = `${qualified(resource)} "${name}" already exists, ${why}`;
  return new ApiError(
    failure(409, 'AlreadyExists', message, { ...detailsOf(resource, name), retryAfterSeconds: 1 }),
  );
};

export const conflict = (resource: Resource, name: string, why: string = OPTIMISTIC_LOCK): ApiError =>
  about(
    resource,
    name,
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`,
  );

/** Other managers own what an apply would change. */
export const applyConflict = (conflicts: readonly Conflict[]): ApiError =>
  new ApiError(
    failure(409, 'Conflict', conflictMessage(conflicts), {
      causes: conflicts.map((each) => ({
        reason: 'FieldManagerConflict',
        message: causeOf(each),
        field: pathText(each.path),
      })),
    }),
  );

export const forbidden = (resource: Resource, name: string, why: string, causes?: Causes): ApiError =>
  new ApiError(
    failure(403, 'Forbidden', `${qualified(resource)} "${name}" is forbidden: ${why}`, {
      ...detailsOf(resource, name),
      ...(causes && { causes }),
    }),
  );

export const badRequest = (message: string): ApiError => new ApiError(failure(400, 'BadRequest', message));

export const serviceUnavailable = (message: string): ApiError =>
  new ApiError(failure(503, 'ServiceUnavailable', message));

export const methodNotSupported = (resource: Resource, action: string): ApiError =>
  new ApiError(
    failure(
      405,
      'MethodNotAllowed',
      `${action} is not supported on resources of kind "${qualified(resource)}"`,
      {
        ...(resource.group && { group: resource.group }),
        kind: resource.resource,
      },
    ),
  );

export const expired = (message: string): ApiError => new ApiError(failure(410, 'Expired', message));

export const internal = (message: string): ApiError =>
  new ApiError(
    failure(500, 'InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }),
  );

/** A client asks for a future that is not here yet (k8s.io/apiserver/pkg/storage/errors.go). */
export const tooLargeResourceVersion = (asked: number, current: number): ApiError =>
  new ApiError(
    failure(504, 'Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    }),
  );

type GroupKind = { readonly group: string; readonly kind: string };

/** `Pod "p" is invalid: spec.x: ...`, or `... is invalid: [a, b]` for more than one finding. */
export const invalid = (
  { group, kind }: GroupKind,
  name: string,
  errors: readonly FieldError[],
): ApiError => {
  const causes = errors.map(({ type, message, field }) => ({ reason: type, message, field }));
  const what = group === '' ? kind : `${kind}.${group}`;
  const details = { ...(name && { name }), ...(group && { group }), ...(kind && { kind }), causes };
  const findings = errors.length === 0 ? '' : `: ${aggregate(errors)}`;
  return new ApiError(failure(422, 'Invalid', `${what} "${name}" is invalid${findings}`, details));
};

/** A patch that cannot be applied: the object's kind does not matter, and kube-apiserver names none. */
export const invalidPatch = (patch: string, why: string): ApiError =>
  invalid({ group: '', kind: '' }, '', [
    {
      type: 'FieldValueInvalid',
      field: 'patch',
      message: `Invalid value: ${JSON.stringify(patch)}: ${why}`,
    },
  ]);

const about = (
  resource: Resource,
  name: string,
  code: number,
  reason: Parameters<typeof failure>[1],
  message: string,
): ApiError => new ApiError(failure(code, reason, message, detailsOf(resource, name)));

const detailsOf = ({ group, resource }: Resource, name: string): NonNullable<Status['details']> => ({
  name,
  ...(group && { group }),
  kind: resource,
});

// As utilerrors.Aggregate prints: each text once, brackets only around more than one.
const aggregate = (errors: readonly FieldError[]): string => {
  const texts = [...new Set(errors.map(({ field, message }) => `${field}: ${message}`))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(', ')}]`;
};
