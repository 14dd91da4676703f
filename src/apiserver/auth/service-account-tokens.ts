// ServiceAccount tokens: JWTs signed with ES256, bound to the account's uid and, if so wished, to a pod or a node.
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { ServiceAccount } from '../../k8s/generated/types.ts';
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import type { Clock } from '../../lang/clock.ts';
import type { User } from '../registry.ts';
import { ALGORITHM, keyId } from './issuer-discovery.ts';
import { AUTHENTICATED, accountGroups, accountUserName } from './users.ts';

type ObjectId = { readonly name: string; readonly uid: string };

export type BoundObject = ObjectId & { readonly kind: 'Pod' | 'Node' | 'Secret' };

type TokenRequestFacts = {
  readonly account: Stored<ServiceAccount>;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly bound: BoundObject | undefined;
  /** The node of the pod that it is bound to: whoever reads the token learns where it may be used (KEP-4193). */
  readonly node?: ObjectId | undefined;
};

type IssuedToken = { readonly token: string; readonly expiresAtMs: number };

type VerifiedToken = { readonly user: User; readonly audiences: readonly string[] };

export type ServiceAccountTokens = {
  /** The audience of a token that asks for none, and what a caller of this API must be meant for. */
  readonly issuer: string;
  readonly issue: (facts: TokenRequestFacts) => Promise<IssuedToken>;
  /** Undefined for a token that is not ours, not valid now, not for `audiences`, or whose account is gone. */
  readonly verify: (token: string, audiences?: readonly string[]) => Promise<VerifiedToken | undefined>;
};

export type TokenOptions = {
  /** PEM: PKCS #8 and SPKI, P-256. */
  readonly privateKey: string;
  readonly publicKey: string;
  readonly issuer: string;
  readonly clock: Clock;
  /** Looks for what a token is bound to, as it is now. */
  readonly find: (
    kind: 'ServiceAccount' | BoundObject['kind'],
    namespace: string | undefined,
    name: string,
  ) => Stored<KubeObject> | undefined;
};

type KubernetesClaim = {
  readonly namespace: string;
  readonly serviceaccount: ObjectId;
  readonly pod?: ObjectId;
  readonly node?: ObjectId;
  readonly secret?: ObjectId;
};

export const createServiceAccountTokens = (options: TokenOptions): ServiceAccountTokens => {
  const keys = lazily(() => loadKeys(options));
  return {
    issuer: options.issuer,
    issue: (facts) => issue(options, keys, facts),
    verify: async (token, audiences = [options.issuer]) => {
      const { jose, publicKey } = await keys();
      const checks = { issuer: options.issuer, currentDate: new Date(options.clock.now()) };
      try {
        const { payload } = await jose.jwtVerify(token, publicKey, { ...checks, algorithms: [ALGORITHM] });
        return verified(options, payload, audiences);
      } catch (error) {
        if (error instanceof jose.errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
};

type Keys = Awaited<ReturnType<typeof loadKeys>>;

// jose is loaded with the first token: a cluster without pods needs none.
const loadKeys = async ({ privateKey, publicKey }: TokenOptions) => {
  const jose = await import('jose');
  return {
    jose,
    privateKey: await jose.importPKCS8(privateKey, ALGORITHM),
    publicKey: await jose.importSPKI(publicKey, ALGORITHM),
    id: keyId(publicKey),
  };
};

const lazily = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

const issue = async (
  { issuer, clock }: TokenOptions,
  keys: () => Promise<Keys>,
  { account, audiences, expirationSeconds, bound, node }: TokenRequestFacts,
): Promise<IssuedToken> => {
  const { jose, privateKey, id } = await keys();
  const { name, namespace = '', uid } = account.metadata;
  const now = Math.floor(clock.now() / 1000);
  const claim: KubernetesClaim = {
    namespace,
    serviceaccount: { name, uid },
    ...(bound ? { [bound.kind.toLowerCase()]: { name: bound.name, uid: bound.uid } } : {}),
    ...(node ? { node } : {}),
  };
  const token = await new jose.SignJWT({ 'kubernetes.io': claim })
    .setProtectedHeader({ alg: ALGORITHM, kid: id })
    .setIssuer(issuer)
    .setSubject(accountUserName(namespace, name))
    .setAudience([...audiences])
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + expirationSeconds)
    .setJti(randomUUID())
    .sign(privateKey);
  return { token, expiresAtMs: (now + expirationSeconds) * 1000 };
};

const verified = (
  options: TokenOptions,
  payload: JWTPayload,
  audiences: readonly string[],
): VerifiedToken | undefined => {
  const claim = payload['kubernetes.io'] as KubernetesClaim | undefined;
  const meant = [payload.aud ?? []].flat().filter((audience) => audiences.includes(audience));
  if (!claim || meant.length === 0 || !allExist(options, claim)) return undefined;
  return { user: userOf(claim, payload.jti), audiences: meant };
};

const allExist = ({ find }: TokenOptions, claim: KubernetesClaim): boolean => {
  const { namespace } = claim;
  const exists = (
    kind: 'ServiceAccount' | BoundObject['kind'],
    scope: string | undefined,
    id: ObjectId | undefined,
  ): boolean => !id || find(kind, scope, id.name)?.metadata.uid === id.uid;
  return (
    exists('ServiceAccount', namespace, claim.serviceaccount) &&
    exists('Pod', namespace, claim.pod) &&
    exists('Secret', namespace, claim.secret) &&
    // A pod's node may go and come back under the same name while the pod lives on.
    (claim.pod !== undefined || exists('Node', undefined, claim.node))
  );
};

const userOf = (claim: KubernetesClaim, tokenId: string | undefined): User => {
  const { namespace, serviceaccount, pod, node } = claim;
  const extra = {
    ...(tokenId ? { 'authentication.kubernetes.io/credential-id': [`JTI=${tokenId}`] } : {}),
    ...extraOf('pod', pod),
    ...extraOf('node', node),
  };
  return {
    name: accountUserName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: [...accountGroups(namespace), AUTHENTICATED],
    extra,
  };
};

const extraOf = (kind: string, id: ObjectId | undefined): Readonly<Record<string, readonly string[]>> =>
  id
    ? {
        [`authentication.kubernetes.io/${kind}-name`]: [id.name],
        [`authentication.kubernetes.io/${kind}-uid`]: [id.uid],
      }
    : {};
