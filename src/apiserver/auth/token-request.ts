// serviceaccounts/NAME/token: issues a token for a ServiceAccount (authentication.k8s.io/v1 TokenRequest).
import { ApiError, failure } from '../../k8s/api-error.ts';
import type { ServiceAccount, TokenRequest } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { BoundObject, ServiceAccountTokens, TokenOptions } from './service-account-tokens.ts';

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/** Throws 422 for a lifetime that is out of bounds, 404 or 409 for an object to bind to that is not there. */
export const issueToken = async (
  tokens: ServiceAccountTokens,
  find: TokenOptions['find'],
  account: Stored<ServiceAccount>,
  request: TokenRequest,
): Promise<object> => {
  const { name, namespace = '' } = account.metadata;
  const expirationSeconds = request.spec?.expirationSeconds ?? DEFAULT_SECONDS;
  checkLifetime(name, expirationSeconds);
  const audiences = request.spec?.audiences?.length ? request.spec.audiences : [tokens.issuer];
  const bound = boundObject(find, namespace, request.spec?.boundObjectRef);
  const { token, expiresAtMs } = await tokens.issue({ account, audiences, expirationSeconds, bound });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {
      name,
      namespace,
      creationTimestamp: new Date(expiresAtMs - expirationSeconds * 1000).toISOString().replace(/\.\d+/, ''),
    },
    spec: { audiences, expirationSeconds, boundObjectRef: request.spec?.boundObjectRef ?? null },
    status: { token, expirationTimestamp: new Date(expiresAtMs).toISOString().replace(/\.\d+/, '') },
  };
};

const checkLifetime = (name: string, seconds: number): void => {
  if (seconds < MIN_SECONDS) throw invalid(name, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > MAX_SECONDS)
    throw invalid(name, seconds, 'may not specify a duration larger than 2^32 seconds');
};

const invalid = (name: string, seconds: number, why: string): ApiError => {
  const field = 'spec.expirationSeconds';
  const message = `Invalid value: ${seconds}: ${why}`;
  return new ApiError(
    failure(422, 'Invalid', `TokenRequest.authentication.k8s.io "${name}" is invalid: ${field}: ${message}`, {
      name,
      group: 'authentication.k8s.io',
      kind: 'TokenRequest',
      causes: [{ reason: 'FieldValueInvalid', message, field }],
    }),
  );
};

type ObjectReference = NonNullable<NonNullable<TokenRequest['spec']>['boundObjectRef']>;

const boundObject = (
  find: TokenOptions['find'],
  namespace: string,
  ref: ObjectReference | undefined,
): BoundObject | undefined => {
  if (!ref) return undefined;
  const { kind, name = '', uid } = ref;
  if (kind !== 'Pod' && kind !== 'Node' && kind !== 'Secret')
    throw new ApiError(
      failure(400, 'BadRequest', `cannot bind token for serviceaccount to object ref kind "${kind}"`),
    );
  const found = find(kind, kind === 'Node' ? undefined : namespace, name);
  if (!found)
    throw new ApiError(
      failure(404, 'NotFound', `${plural(kind)} "${name}" not found`, { name, kind: plural(kind) }),
    );
  if (uid && uid !== found.metadata.uid) throw changed(kind, found, uid);
  return { kind, name, uid: found.metadata.uid };
};

const plural = (kind: string): string => `${kind.toLowerCase()}s`;

const changed = (kind: string, found: Stored<KubeObject>, uid: string): ApiError => {
  const { name } = found.metadata;
  const why = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  return new ApiError(
    failure(409, 'Conflict', `Operation cannot be fulfilled on ${plural(kind)} "${name}": ${why}`, {
      name,
      kind: plural(kind),
    }),
  );
};
