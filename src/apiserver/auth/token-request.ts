// serviceaccounts/NAME/token: issues a token for a ServiceAccount (authentication.k8s.io/v1 TokenRequest).
import type { ApiError } from '../../k8s/api-error.ts';
import { invalid as invalidField } from '../../k8s/field-errors.ts';
import type { Pod, ServiceAccount, TokenRequest } from '../../k8s/generated/types.ts';
import type { Stored } from '../../k8s/objects.ts';
import { nodes, pods, secrets, serviceAccounts } from '../../k8s/resources.ts';
import { formatTime } from '../../k8s/time.ts';
import type { User } from '../registry.ts';
import { badRequest, conflict, forbidden, invalid, notFound } from '../status-errors.ts';
import { nodeNameOf } from './users.ts';
import type { BoundObject, ServiceAccountTokens, TokenOptions } from './service-account-tokens.ts';

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

type Request = {
  readonly user: User;
  readonly account: Stored<ServiceAccount>;
  readonly request: TokenRequest;
};

/**
 * Throws 422 for a lifetime that is out of bounds, 404 or 409 for an object to bind to that is not there, 403 for a node
 * that asks for what is not one of its pods'.
 */
export const issueToken = async (
  tokens: ServiceAccountTokens,
  find: TokenOptions['find'],
  { user, account, request }: Request,
): Promise<object> => {
  const { name, namespace = '' } = account.metadata;
  const expirationSeconds = request.spec?.expirationSeconds ?? DEFAULT_SECONDS;
  checkLifetime(name, expirationSeconds);
  const audiences = request.spec?.audiences?.length ? request.spec.audiences : [tokens.issuer];
  const { bound, pod } = boundTo(find, account, request.spec?.boundObjectRef);
  restrictNode(user, account, request.spec?.boundObjectRef, pod);
  const node = pod?.spec?.nodeName ? find('Node', undefined, pod.spec.nodeName)?.metadata : undefined;
  const { token, expiresAtMs } = await tokens.issue({
    account,
    audiences,
    expirationSeconds,
    bound,
    node: node && { name: node.name, uid: node.uid },
  });
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: formatTime(expiresAtMs - expirationSeconds * 1000) },
    spec: { audiences, expirationSeconds, boundObjectRef: request.spec?.boundObjectRef ?? null },
    status: { token, expirationTimestamp: formatTime(expiresAtMs) },
  };
};

/** kubernetes plugin/pkg/admission/noderestriction, admitServiceAccount: a node gets tokens for its own pods only. */
const restrictNode = (
  user: User,
  { metadata }: Stored<ServiceAccount>,
  ref: ObjectReference | undefined,
  pod: Stored<Pod> | undefined,
): void => {
  const nodeName = nodeNameOf(user);
  if (nodeName === undefined) return;
  const refuse = (why: string): never => {
    throw forbidden(serviceAccounts, metadata.name, why);
  };
  if (!pod) return refuse('node requested token not bound to a pod');
  if (!ref?.uid) refuse('node requested token with a pod binding without a uid');
  if (pod.spec?.nodeName !== nodeName)
    refuse('node requested token bound to a pod scheduled on a different node');
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

type Bound = { readonly bound: BoundObject | undefined; readonly pod?: Stored<Pod> };

const boundTo = (
  find: TokenOptions['find'],
  { metadata }: Stored<ServiceAccount>,
  ref: ObjectReference | undefined,
): Bound => {
  if (!ref) return { bound: undefined };
  const { kind, name = '', uid } = ref;
  if (kind !== 'Pod' && kind !== 'Node' && kind !== 'Secret')
    throw badRequest(`cannot bind token for serviceaccount to object ref kind "${kind}"`);
  const found = find(kind, kind === 'Node' ? undefined : metadata.namespace, name);
  if (!found) throw notFound(BOUND_RESOURCES[kind], name);
  if (uid && uid !== found.metadata.uid) throw conflict(BOUND_RESOURCES[kind], name, changed(uid));
  const bound: BoundObject = { kind, name, uid: found.metadata.uid };
  if (kind !== 'Pod') return { bound };
  const pod = found as Stored<Pod>;
  checkAccount(metadata.name, pod);
  return { bound, pod };
};

const checkAccount = (name: string, { spec }: Stored<Pod>): void => {
  const own = spec?.serviceAccountName ?? '';
  if (own !== name)
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(name)} to pod running with serviceaccount ${JSON.stringify(own)}`,
    );
};

const BOUND_RESOURCES = { Pod: pods, Node: nodes, Secret: secrets };

const changed = (uid: string): string =>
  `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
