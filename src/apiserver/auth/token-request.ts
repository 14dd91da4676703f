// serviceaccounts/NAME/token: issues a token for a ServiceAccount (authentication.k8s.io/v1 TokenRequest).
import type { ApiError } from '../../k8s/api-error.ts';
import { invalid as invalidField } from '../../k8s/field-errors.ts';
import type { ServiceAccount, TokenRequest } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { nodes, pods, secrets } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import { badRequest, conflict, invalid, notFound } from '../status-errors.ts';
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
    metadata: { name, namespace, creationTimestamp: formatTime(expiresAtMs - expirationSeconds * 1000) },
    spec: { audiences, expirationSeconds, boundObjectRef: request.spec?.boundObjectRef ?? null },
    status: { token, expirationTimestamp: formatTime(expiresAtMs) },
  };
};

const checkLifetime = (name: string, seconds: number): void => {
  if (seconds < MIN_SECONDS)
    throw outOfBounds(name, seconds, 'may not specify a duration less than 10 minutes');
  if (seconds > MAX_SECONDS)
    throw outOfBounds(name, seconds, 'may not specify a duration larger than 2^32 seconds');
};

const outOfBounds = (name: string, seconds: number, why: string): ApiError =>
  invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, [
    invalidField('spec.expirationSeconds', seconds, why),
  ]);

type ObjectReference = NonNullable<NonNullable<TokenRequest['spec']>['boundObjectRef']>;

const boundObject = (
  find: TokenOptions['find'],
  namespace: string,
  ref: ObjectReference | undefined,
): BoundObject | undefined => {
  if (!ref) return undefined;
  const { kind, name = '', uid } = ref;
  if (kind !== 'Pod' && kind !== 'Node' && kind !== 'Secret')
    throw badRequest(`cannot bind token for serviceaccount to object ref kind "${kind}"`);
  const found = find(kind, kind === 'Node' ? undefined : namespace, name);
  if (!found) throw notFound(BOUND_RESOURCES[kind], name);
  if (uid && uid !== found.metadata.uid) throw conflict(BOUND_RESOURCES[kind], name, changed(uid));
  return { kind, name, uid: found.metadata.uid };
};

const BOUND_RESOURCES = { Pod: pods, Node: nodes, Secret: secrets };

const changed = (uid: string): string =>
  `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
